// Writes docs/errors.md, docs/deviations.md and docs/policy-lint.md from the code: npm run docs
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deviationsDocument, errorsDocument, policyLintDocument } from './generated-docs.ts'

const target = (name: string): string =>
  fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))
writeFileSync(target('errors.md'), errorsDocument())
writeFileSync(target('deviations.md'), deviationsDocument())
writeFileSync(target('policy-lint.md'), policyLintDocument())
