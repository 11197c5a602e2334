// Writes the pages of docs that say what the code says: npm run docs
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { auditRulesDocument } from './audit-rules-document.ts'
import { compatibilityDocument } from './compatibility-document.ts'
import { coverageDocument } from './coverage-document.ts'
import {
  deviationsDocument,
  errorsDocument,
  feedsDocument,
  operationsDocument,
  policyLintDocument,
} from './generated-docs.ts'

const target = (name: string): string =>
  fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))
writeFileSync(target('audit-rules.md'), auditRulesDocument())
writeFileSync(target('coverage.md'), coverageDocument())
writeFileSync(target('errors.md'), errorsDocument())
writeFileSync(target('deviations.md'), deviationsDocument())
writeFileSync(target('policy-lint.md'), policyLintDocument())
writeFileSync(target('operations.md'), operationsDocument())
writeFileSync(target('feeds.md'), feedsDocument())
writeFileSync(target('compatibility.md'), compatibilityDocument())
