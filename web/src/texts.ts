// Every text of the page.

const count = new Intl.NumberFormat('en')
const plural = (n: number, one: string, many: string) => `${count.format(n)} ${n === 1 ? one : many}`

function age(seconds: number): string {
  if (seconds < 5400) return plural(Math.round(seconds / 60), 'minute', 'minutes')
  return seconds < 129_600
    ? plural(Math.round(seconds / 3600), 'hour', 'hours')
    : plural(Math.round(seconds / 86_400), 'day', 'days')
}

export const texts = {
  title: 'Ask your database',
  intro: 'Type a question in plain language. You get a table, a chart where one fits, and the SQL that ran.',
  noExamples: 'For example: how many customers are there in each country?',
  examples: 'Examples',
  loading: 'Loading…',
  version: (version: string) => `Version ${version}`,
  skip: 'Skip to the question',

  question: 'Question',
  placeholder: 'What would you like to know?',
  ask: 'Ask',
  askHint: 'Enter sends, Shift+Enter starts a new line',
  cancel: 'Cancel',
  asking: 'Working on the answer…',
  stages: {
    queued: 'Waiting for its turn…',
    writing_sql: 'Writing the SQL…',
    running: 'The database is running the SQL…',
  } as Record<string, string>,
  runningSQL: 'The SQL that is running',
  elapsed: (seconds: number) => `${seconds} s`,
  cancelled: 'Cancelled. The database may still finish the statement.',
  followUpTo: 'Follow-up to',
  endFollowUp: 'Ask a new question instead',

  answer: 'Answer',
  answered: (rows: number) => `Answer: ${plural(rows, 'row', 'rows')}`,
  rows: (rows: number) => plural(rows, 'row', 'rows'),
  columns: (columns: number) => plural(columns, 'column', 'columns'),
  duration: (seconds: number) =>
    seconds < 1 ? `${Math.ceil(seconds * 1000)} ms` : `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`,
  followUp: 'Ask a follow-up',
  pin: 'Pin',
  unpin: 'Unpin',
  copyLink: 'Copy link',
  askAgain: 'Ask again',
  empty: 'No rows. The statement ran, and nothing in the database matches.',
  truncated: (rows: number) => `Rows are missing: this is a part of the answer, with ${plural(rows, 'row', 'rows')}.`,
  truncatedHint: 'Ask for a total, or for fewer rows.',
  stored: (rows: number) => `Download all ${plural(rows, 'row', 'rows')} (CSV)`,
  storedUntil: (time: string) => `The link works until ${time}.`,

  table: 'Table',
  sortBy: (column: string) => `Sort by ${column}`,
  null: 'null',
  copy: 'Copy',
  copied: 'Copied',
  copyFailed: 'The browser did not allow the copy',
  copyTable: 'Copy the table',
  csv: 'CSV',
  downloadCSV: 'Download the table as CSV',
  unnamed: (index: number) => `Column ${index}`,

  chart: 'Chart',
  kinds: { bar: 'Bars', line: 'Line', scatter: 'Points', value: 'Number' },
  kind: 'Kind of chart',
  horizontal: 'Across',
  vertical: 'Up',
  split: 'Split by',
  noSplit: 'Nothing',
  png: 'PNG',
  downloadPNG: 'Download the chart as PNG',
  svg: 'SVG',
  downloadSVG: 'Download the chart as SVG',
  omitted: (rows: number) => `${plural(rows, 'row is', 'rows are')} not in the chart. The table has all of them.`,
  describeValue: (title: string, value: string) => `${title}: ${value}`,
  describeChart: (kind: string, x: string, y: string, points: number) =>
    `${kind}: ${y} by ${x}, ${plural(points, 'point', 'points')}. Use the arrow keys to read the points, or the table below.`,

  sql: 'SQL',
  copySQL: 'Copy the SQL',
  failedSQL: 'The SQL that failed',

  trust: 'What the answer rests on',
  source: 'Source',
  sources: {
    golden: 'The golden query for this question',
    golden_similar: 'The golden query for a similar question',
    model: 'A language model',
  } as Record<string, string>,
  tables: 'Tables',
  filters: 'Filters, as the model states them',
  assumptions: 'Assumptions of the model',
  confidence: 'Agreement',
  agreement: (share: number, samples: number) =>
    `${Math.round(share * samples)} of ${samples} answers of the model have these rows. All can have the same mistake.`,
  schema: 'Schema',
  readAgo: (seconds: number) => `Read from the database ${age(seconds)} ago`,
  meanings: 'Meanings of the question',

  feedback: 'Feedback',
  isRight: 'Is this answer right?',
  right: 'Right',
  wrong: 'Wrong',
  knowSQL: 'Do you know the SQL that answers this question?',
  suggestSQL: 'Suggest SQL',
  correctSQL: 'Correct SQL, if you know it',
  comment: 'Comment',
  commentHint: 'What is wrong, and what did you expect?',
  sendFeedback: 'Send',
  sendingFeedback: 'Sending…',
  storedFeedback: (isRight: boolean) =>
    isRight ? 'Stored: the answer is right.' : 'Stored: the answer is wrong. The operator can see your correction.',
  feedbackFailed: (title: string) => `The verdict was not stored: ${title}.`,

  history: 'History',
  openHistory: 'Open the history',
  close: 'Close',
  noHistory: 'Your questions appear here. They stay in this browser, without their answers.',
  notKept: 'This browser keeps no data of the page, so the history ends when you close it.',
  pinned: 'Pinned',
  recent: 'Recent',
  clear: 'Clear',
  clearHint: 'Remove all questions that are not pinned',
  remove: (question: string) => `Remove: ${question}`,
  pinOne: (question: string) => `Pin: ${question}`,
  unpinOne: (question: string) => `Unpin: ${question}`,
  failed: 'failed',
  isFollowUp: 'follow-up',

  signIn: 'Sign in',
  signInTitle: 'Sign in to ask',
  signInIntro: 'This database answers people who signed in.',
  signInFailed: 'The sign-in did not succeed.',
  signInRefused: (reason: string) => `The provider answered: ${reason}`,
  signingIn: 'Signing in…',
  signOut: 'Sign out',
  signedOut: 'Your sign-in has expired. Sign in again.',
  noProvider: 'The page has no OpenID provider: config.json needs oidc.issuer and oidc.client_id.',
  token: 'Access token',
  tokenIntro: 'Paste an access token that this API accepts. It stays in this tab until you close it.',
  useToken: 'Use the token',
  noToken: 'This page was opened without its token. Open the address that “defog console” printed.',

  requestID: 'Request id',
  copyRequestID: 'Copy the request id',
  details: 'The message',
  retryAt: (time: string) => `You can ask again from ${time}.`,
  failures: {
    generator_refused: [
      'There is no SQL for this question',
      'Ask in other words, or name the table or the column that you mean.',
    ],
    clarification_needed: ['The question has several meanings', 'Choose one of them, or ask in other words.'],
    statement_failed: [
      'The database refused the SQL',
      'Ask in other words. If it fails again, give the message and the SQL to the operator.',
    ],
    bad_request: ['The question was not accepted', 'Shorten the question, or ask it as a new one.'],
    method_not_allowed: ['The address does not answer questions', 'Ask the operator to check “api” in config.json.'],
    request_too_large: ['The question is too long', 'Shorten the question, or ask it as a new one.'],
    unsupported_media_type: [
      'The question was not accepted',
      'Ask the operator to look at the log with the request id.',
    ],
    caller_denied: [
      'You may not ask about these rows',
      'Ask the operator for access. The message below has the reason.',
    ],
    cancelled: ['The question was cancelled', 'Ask it again if you still need the answer.'],
    not_found: ['The answer is gone', 'An answer is kept for a day, for the caller that asked. Ask again.'],
    interrupted: ['The answer was interrupted', 'Ask again, for fewer rows or a shorter period if you can.'],
    answers_unavailable: ['The answer cannot be read now', 'Try again in a minute.'],
    history_unavailable: ['Your verdict cannot be stored now', 'Try again in a minute.'],
    not_started: ['The question waited too long', 'Try again later, when fewer questions are waiting.'],
    token_limit: ['The question is too large for the model', 'Ask a shorter question, or a more specific one.'],
    cost_limit: ['Today’s budget for questions is used up', 'Further questions are answered the next day.'],
    spending_unavailable: ['The budget for questions cannot be read now', 'Try again in a minute.'],
    console: ['The console did not get an answer', 'The message below has the reason.'],
    internal: [
      'Something went wrong on our side',
      'Try again. If it happens again, give the request id to the operator.',
    ],
    generator_unreachable: [
      'The SQL generator cannot be reached',
      'Try again in a minute. If it stays so, give the request id to the operator.',
    ],
    database_unreachable: [
      'The database cannot be reached',
      'Try again in a minute. If it stays so, give the request id to the operator.',
    ],
    not_ready: ['The function is not ready', 'Ask the operator to run “defog doctor”. The log has the cause.'],
    generator_timeout: ['Writing the SQL took too long', 'Try again, or ask a simpler question.'],
    database_timeout: ['The statement took too long', 'Ask for fewer rows, a shorter period, or a total.'],
    http_401: ['You are not signed in, or your sign-in has expired', 'Sign in again.'],
    http_403: [
      'You may not ask here',
      'Open the page anew from its address. If it stays so, ask the operator for access.',
    ],
    http_404: ['The address does not answer questions', 'Ask the operator to check “api” in config.json.'],
    http_413: ['The question is too long', 'Shorten the question, or ask it as a new one.'],
    http_429: ['Too many questions at once', 'Wait a moment, then ask again.'],
    http_503: ['The answer took longer than 30 seconds', 'Ask for fewer rows, a shorter period, or a total.'],
    http_504: ['The answer took too long', 'Ask for fewer rows, a shorter period, or a total.'],
    network: ['The server cannot be reached', 'Check your connection, and that the server still runs. Then ask again.'],
    invalid_answer: ['The reply is not an answer', 'Ask the operator to check “api” in config.json.'],
    page: ['The page met an error', 'Reload the page. If it happens again, report the message below.'],
  } as Record<string, readonly [title: string, advice: string]>,
  otherFailure: (code: string): readonly [title: string, advice: string] => [
    `The question failed (${code.replace(/^http_/, 'status ')})`,
    'Try again. If it happens again, give the request id to the operator.',
  ],
}

/** failureText returns a failure's title and what to do about it. */
export function failureText(code: string): readonly [title: string, advice: string] {
  return Object.hasOwn(texts.failures, code)
    ? (texts.failures[code] ?? texts.otherFailure(code))
    : texts.otherFailure(code)
}
