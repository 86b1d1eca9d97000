// The query stack of stacks/ in JavaScript: the same constructs with the same
// ids, so that the two templates are equal. The context names every setting, the
// compiled function and the zip of dependencies.
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const cdk = require('aws-cdk-lib');
const apigateway = require('aws-cdk-lib/aws-apigatewayv2');
const { HttpIamAuthorizer } = require('aws-cdk-lib/aws-apigatewayv2-authorizers');
const { HttpLambdaIntegration } = require('aws-cdk-lib/aws-apigatewayv2-integrations');
const iam = require('aws-cdk-lib/aws-iam');
const lambda = require('aws-cdk-lib/aws-lambda');
const logs = require('aws-cdk-lib/aws-logs');
const { Asset } = require('aws-cdk-lib/aws-s3-assets');
const { Construct } = require('constructs');

const app = new cdk.App({
  autoSynth: false,
  performanceReporting: false,
  stackTraces: false,
  context: { 'aws:cdk:disable-creation-stack-traces': true },
});
const setting = (key) => app.node.getContext(key);
const name = `${setting('app_name')}-${setting('stage')}`;
const connection = JSON.parse(readFileSync(setting('connection_file'), 'utf8'));

const newLogGroup = (scope, id, logGroupName) => new logs.LogGroup(scope, id, {
  logGroupName,
  retention: logs.RetentionDays.ONE_MONTH,
  removalPolicy: cdk.RemovalPolicy.DESTROY,
});

class QueryFunction extends Construct {
  constructor(scope, id) {
    super(scope, id);
    const logGroup = newLogGroup(this, 'Logs');
    const zip = setting('bench:dependencies');
    const dependencies = new Asset(this, 'Dependencies', { path: zip });
    const allow = (resource, ...actions) => new iam.PolicyStatement({ actions, resources: [resource] });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: `What the query function of ${name} may do`,
      inlinePolicies: {
        Query: new iam.PolicyDocument({
          statements: [
            allow(logGroup.logGroupArn, 'logs:CreateLogStream', 'logs:PutLogEvents'),
            allow(dependencies.bucket.arnForObjects(dependencies.s3ObjectKey), 's3:GetObject'),
          ],
        }),
      },
    });
    this.function = new lambda.Function(this, 'Function', {
      description: `Answers questions on ${connection.db_type} for ${name}`,
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture: lambda.Architecture.ARM_64,
      handler: 'bootstrap',
      code: lambda.Code.fromAsset(setting('bench:code')),
      memorySize: Number(setting('lambda_memory_size')),
      ephemeralStorageSize: cdk.Size.mebibytes(Number(setting('ephemeral_storage'))),
      timeout: cdk.Duration.seconds(Number(setting('lambda_timeout'))),
      role: role.withoutPolicyUpdates(),
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: setting('log_level'),
      environment: {
        DEFOG_CREDS_64: Buffer.from(JSON.stringify(connection)).toString('base64'),
        DEFOG_GENERATOR: 'defog',
        DEFOG_GENERATOR_TIMEOUT: setting('generator_timeout'),
        DEFOG_DEPENDENCIES_BUCKET: dependencies.s3BucketName,
        DEFOG_DEPENDENCIES_KEY: dependencies.s3ObjectKey,
        DEFOG_DEPENDENCIES_SHA256: createHash('sha256').update(readFileSync(zip)).digest('hex'),
        DEFOG_STATEMENT_TIMEOUT: setting('statement_timeout'),
        DEFOG_MAX_ROWS: setting('max_rows'),
        DEFOG_RETRIES: setting('retries'),
      },
      currentVersionOptions: { removalPolicy: cdk.RemovalPolicy.RETAIN },
    });
    this.function.node.defaultChild.addDeletionOverride('DependsOn');
    this.alias = new lambda.Alias(this, 'Live', {
      aliasName: 'live',
      description: 'The version that answers questions',
      version: this.function.currentVersion,
    });
  }
}

class QueryApi extends Construct {
  constructor(scope, id, handler) {
    super(scope, id);
    const api = new apigateway.HttpApi(this, 'Api', {
      apiName: name,
      description: `Questions for ${name}`,
      disableExecuteApiEndpoint: false,
      createDefaultStage: false,
    });
    api.addRoutes({
      path: '/',
      methods: [apigateway.HttpMethod.POST],
      authorizer: new HttpIamAuthorizer(),
      integration: new HttpLambdaIntegration('Query', handler),
    });
    const stage = new apigateway.HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: Number(setting('throttle_rate')), burstLimit: Number(setting('throttle_burst')) },
    });
    this.accessLogs = newLogGroup(this, 'AccessLogs', `/aws/vendedlogs/${name}/${cdk.Fn.select(2, cdk.Fn.split('/', cdk.Stack.of(this).stackId))}`);
    stage.node.defaultChild.accessLogSettings = {
      destinationArn: this.accessLogs.logGroupArn,
      format: JSON.stringify({
        authorizerError: '$context.authorizer.error',
        caller: '$context.identity.caller',
        functionError: '$context.integrationErrorMessage',
        functionLatency: '$context.integrationLatency',
        functionStatus: '$context.integrationStatus',
        gatewayErrorType: '$context.error.responseType',
        ip: '$context.identity.sourceIp',
        latency: '$context.responseLatency',
        protocol: '$context.protocol',
        requestId: '$context.requestId',
        requestTime: '$context.requestTime',
        responseLength: '$context.responseLength',
        route: '$context.routeKey',
        status: '$context.status',
        userAgent: '$context.identity.userAgent',
      }),
    };
    this.url = stage.url;
  }
}

const functionQueries = [
  ['FailedQuestions', 'Failed questions', [
    'fields @timestamp, outcome, status, sqlstate, cause, request_id',
    'filter msg = "question" and outcome != "ok"',
    'sort @timestamp desc',
    'limit 100',
  ]],
  ['SlowestQuestions', 'Slowest questions', [
    'fields @timestamp, total_ms, generation_ms, database_ms, retries, rows, bytes, cold_start, request_id',
    'filter msg = "question"',
    'sort total_ms desc',
    'limit 100',
  ]],
  ['Outcomes', 'Outcomes by hour', [
    'filter msg = "question"',
    'stats count(*) as questions by bin(1h) as hour, outcome',
    'sort hour desc',
  ]],
  ['Times', 'Times by hour', [
    'filter msg = "question"',
    'stats count(*) as questions, pct(total_ms, 50) as p50, pct(total_ms, 95) as p95, pct(generation_ms, 95) as generator_p95, pct(database_ms, 95) as database_p95 by bin(1h) as hour',
    'sort hour desc',
  ]],
  ['ColdStarts', 'Cold starts and memory by hour', [
    'filter type = "platform.report"',
    'stats count(*) as requests, count(record.metrics.initDurationMs) as cold_starts, max(record.metrics.initDurationMs) as slowest_start_ms, max(record.metrics.maxMemoryUsedMB) as memory_mb by bin(1h) as hour',
    'sort hour desc',
  ]],
];

const accessQueries = [
  ['RefusedRequests', 'Refused requests', [
    'fields @timestamp, status, ip, caller, route, authorizerError, gatewayErrorType, userAgent, requestId',
    'filter status >= 400 and status < 500',
    'sort @timestamp desc',
    'limit 100',
  ]],
];

class Operations extends Construct {
  constructor(scope, id, functionLogs, accessLogs) {
    super(scope, id);
    for (const [queries, group] of [[functionQueries, functionLogs], [accessQueries, accessLogs]]) {
      for (const [queryId, title, lines] of queries) {
        new logs.CfnQueryDefinition(this, queryId, {
          name: `${name}/${title}`,
          queryString: lines.join('\n| '),
          logGroupNames: [group.logGroupName],
        });
      }
    }
  }
}

class QueryStack extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id, { description: `Answers questions on a ${connection.db_type} database with generated SQL` });
    const query = new QueryFunction(this, 'Query');
    const api = new QueryApi(this, 'Api', query.alias);
    new Operations(this, 'Operations', query.function.logGroup, api.accessLogs);
    const question = 'How many customers are there?';
    const output = (id, description, value) => new cdk.CfnOutput(this, id, { description, value });
    output('QueryUrl', 'Where to send questions: POST with a JSON body', api.url);
    output('ApiAuth', 'Who may ask', 'iam');
    output('FunctionName', 'Function, for defog describe, logs and doctor', query.function.functionName);
    output('AskCommand', 'Asks a question from this checkout',
      `go run ./cmd/defog ask -c app_name=${setting('app_name')} -c stage=${setting('stage')} "${question}"`);
    output('CurlCommand', 'Asks a question from any machine', [
      'curl',
      `--aws-sigv4 "aws:amz:${this.region}:execute-api"`,
      '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
      '-H "x-amz-security-token: $AWS_SESSION_TOKEN"',
      '-H "content-type: application/json"',
      `-d '{"question": "${question}"}'`,
      api.url,
    ].join(' '));
    output('Version', 'Version of this app', '0.0.0');
    cdk.Annotations.of(this).addWarningV2('defog:credentials-in-template',
      "The database's credentials stand in the template as base64: whoever may read the stack or the function can read them, "
      + 'and cdk diff prints them, old and new. To review a change without them, use npm run diff; '
      + 'to keep them in Secrets Manager, set credentials_secret.');
  }
}

new QueryStack(app, name);
app.synth();
