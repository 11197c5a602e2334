import { readFile } from 'node:fs/promises'

/** How many files and connections this process may have open; undefined where the system does not tell. */
export async function openFileLimit(): Promise<number | undefined> {
  try {
    return parseOpenFileLimit(await readFile('/proc/self/limits', 'utf8'))
  } catch {
    return undefined
  }
}

/** From Linux's table of limits: the soft one; undefined for unlimited. */
export function parseOpenFileLimit(table: string): number | undefined {
  const soft = /^Max open files\s+([0-9]+)\s/m.exec(table)?.[1]
  return soft === undefined ? undefined : Number(soft)
}
