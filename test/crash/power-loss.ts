// What a power loss leaves of the files: nothing that was not synced. The database's own files are SQLite's to keep.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

/** Takes away the bytes that the notes do not call durable; returns how many files it changed. */
export function keepDurable(directory: string): number {
  const notes = join(directory, 'durable')
  const durable = new Map<string, number>()
  for (const line of existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : []) {
    const [key = '', number = '0'] = line.split(' ')
    // A write begins at an offset and cuts what is behind; negative numbers tell of it.
    const isWrite = number.startsWith('-') || number === '0'
    const bytes = Math.abs(Number(number))
    durable.set(key, isWrite ? Math.min(durable.get(key) ?? 0, bytes) : bytes)
  }
  let changed = 0
  const blobs = readdirSync(join(directory, 'blobs'), { recursive: true, withFileTypes: true })
  for (const entry of blobs.filter((file) => file.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const kept = durable.get(entry.name)
    if (kept !== undefined && statSync(path).size <= kept) continue
    changed += 1
    if (kept === undefined || kept === 0) rmSync(path)
    else truncateSync(path, kept)
  }
  return changed
}
