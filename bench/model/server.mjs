// A server of OpenAI's chat completions with one small model on this machine's
// processor. It enforces the JSON schema of response_format as a grammar, answers one
// request at a time, and ends with its standard input. The model keeps the beginning of
// the last prompt, so that the instructions are read once.
//
//   node server.mjs MODEL.gguf
import { createServer } from 'node:http'
import { getLlama, LlamaChatSession } from 'node-llama-cpp'

const maxTokens = 200 // of one reply
const contextSize = 4096

const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' })
const model = await llama.loadModel({ modelPath: process.argv[2] })
const context = await model.createContext({ contextSize, threads: 1 })
const sequence = context.getSequence()

async function complete({ messages, response_format: format, seed }) {
  const [system, ...turns] = messages
  const last = turns.pop()
  const meter = sequence.tokenMeter.getState()
  const session = new LlamaChatSession({ contextSequence: sequence, systemPrompt: system.content })
  if (turns.length > 0)
    session.setChatHistory([
      ...session.getChatHistory(),
      ...turns.map(turn => (turn.role === 'user' ? { type: 'user', text: turn.content } : { type: 'model', response: [turn.content] })),
    ])
  const grammar = format && (await llama.createGrammarForJsonSchema(format.json_schema.schema))
  const { responseText, stopReason } = await session.promptWithMeta(last.content, { grammar, maxTokens, temperature: 0, seed })
  session.dispose({ disposeSequence: false })
  const used = sequence.tokenMeter.diff(meter)
  return {
    object: 'chat.completion',
    choices: [{ index: 0, finish_reason: stopReason === 'maxTokens' ? 'length' : 'stop', message: { role: 'assistant', content: responseText } }],
    usage: {
      prompt_tokens: used.usedInputTokens,
      completion_tokens: used.usedOutputTokens,
      total_tokens: used.usedInputTokens + used.usedOutputTokens,
    },
  }
}

let queue = Promise.resolve()
const server = createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  const reply = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  queue = queue
    .then(async () => reply(200, await complete(JSON.parse(Buffer.concat(parts).toString()))))
    .catch(error => reply(400, { error: { message: String(error), type: 'invalid_request_error', code: 'invalid_request' } }))
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.stdin.resume().on('end', () => process.exit(0))
