// Writes docs/errors.md and docs/deviations.md from the code: npm run docs
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deviationsDocument, errorsDocument } from './generated-docs.ts'

const target = (name: string): string =>
  fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))
writeFileSync(target('errors.md'), errorsDocument())
writeFileSync(target('deviations.md'), deviationsDocument())
