import { readFile } from 'node:fs/promises'

/** The version in package.json. */
export async function programVersion(): Promise<string> {
  const file = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  const parsed: unknown = JSON.parse(file)
  const isVersioned = typeof parsed === 'object' && parsed !== null && 'version' in parsed
  return isVersioned ? String(parsed.version) : 'unknown'
}
