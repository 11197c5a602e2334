import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = process.env['PRATIQUE_TEST_DATA'] ?? '../shared/data'

/** A file or folder of the shared test data; undefined where it is absent, and the test is then skipped. */
export function sharedData(...parts: readonly string[]): string | undefined {
  const path = join(root, ...parts)
  return existsSync(path) ? path : undefined
}
