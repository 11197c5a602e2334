// The official schemas that ship with CycloneDX's own library: nothing is fetched.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** `bom-1.6`, `spdx`, `jsf-0.82`. */
export function officialSchema(name: string): Readonly<Record<string, unknown>> {
  const main = import.meta.resolve('@cyclonedx/cyclonedx-library')
  const root = main.slice(0, main.indexOf('/cyclonedx-library/') + '/cyclonedx-library/'.length)
  const file = fileURLToPath(new URL(`res/schema/${name}.SNAPSHOT.schema.json`, root))
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`${file} is no schema`)
  return { ...parsed }
}
