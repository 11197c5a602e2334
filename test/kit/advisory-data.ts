import { readFile } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sharedData } from './shared-data.ts'

/** As much of OSV's format as tests look at. */
export interface TestAdvisory {
  readonly id: string
  readonly modified?: string
  readonly affected?: readonly {
    readonly package?: { readonly ecosystem: string; readonly name: string }
    readonly ranges?: readonly { readonly events: readonly unknown[] }[]
  }[]
  readonly database_specific?: Readonly<Record<string, unknown>>
}

/** The lines of a file of real advisories (`rubysec`, `older/go.2026-06-22`); skips the test where there is none. */
export async function advisoryLines(
  t: TestContext,
  name: string,
): Promise<readonly string[] | undefined> {
  const path = sharedData('advisories', `${name}.ndjson.zst`)
  if (path === undefined) {
    t.skip('the shared test data are absent')
    return undefined
  }
  const text = zstdDecompressSync(await readFile(path)).toString('utf8')
  return text.split('\n').filter((line) => line !== '')
}

export async function advisoryRecords(
  t: TestContext,
  name: string,
): Promise<readonly TestAdvisory[] | undefined> {
  const lines = await advisoryLines(t, name)
  return lines?.map((line) => JSON.parse(line) as TestAdvisory)
}
