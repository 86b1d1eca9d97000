// Serves the page with the answers of the tests' stand-in, and builds it again when a file changes.
import { build } from 'vite'
import { questions } from '../browser/answers.ts'
import { Stand } from '../browser/server.ts'

await build({ build: { watch: {} }, logLevel: 'info' })
const stand = await new Stand({ config: { app: 'shop-dev', examples: Object.values(questions) } }).start()
console.log(`The page with made-up answers: ${stand.url}`)
