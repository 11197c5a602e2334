// Writes the identifiers that a document may use as they are: node test/kit/write-spdx-ids.ts
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { spdxIdsModule } from './spdx-ids.ts'

const target = fileURLToPath(new URL('../../src/sbom/generated/spdx-ids.ts', import.meta.url))
writeFileSync(target, spdxIdsModule())
