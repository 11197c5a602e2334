// Looks for secrets in the files of a layer while another visitor takes what it wants of them.
import { createHmac } from 'node:crypto'
import { displayPath } from '../lib/archive/entry-path.ts'
import { peekBytes, type TarEntry, type TarVisitor } from '../lib/archive/tar-entries.ts'
import { findSecrets } from './rules/find-secrets.ts'
import type { FoundSecret } from './rules/layer-contents.ts'
import { isText, mayHoldSecrets } from './rules/secret-paths.ts'

/** Of files that are read for this alone. */
const mostBytes = 128 * 1024 * 1024
const mostSecrets = 200

export class SecretRecorder implements TarVisitor {
  readonly #found: FoundSecret[] = []
  readonly #inner: TarVisitor
  readonly #salt: Uint8Array
  /** Of the file whose entry was shown last. */
  #isWanted = false
  #innerAnswer: 'read' | 'peek' | 'skip' = 'skip'
  #bytes = 0

  constructor(inner: TarVisitor, salt: Uint8Array) {
    this.#inner = inner
    this.#salt = salt
  }

  get found(): readonly FoundSecret[] {
    return this.#found
  }

  refused(name: string, reason: string): void {
    this.#inner.refused(name, reason)
  }

  entry(entry: TarEntry): 'read' | 'peek' | 'skip' {
    this.#innerAnswer = this.#inner.entry(entry)
    this.#isWanted = this.#wants(entry)
    // The first bytes tell text from the rest.
    return this.#isWanted && this.#innerAnswer === 'skip' ? 'peek' : this.#innerAnswer
  }

  head(entry: TarEntry, bytes: Buffer): 'read' | 'skip' {
    if (this.#innerAnswer === 'peek') this.#innerAnswer = this.#inner.head(entry, bytes)
    this.#isWanted &&= isText(bytes)
    if (!this.#isWanted) return this.#innerAnswer === 'read' ? 'read' : 'skip'
    this.#bytes += entry.sizeBytes
    return 'read'
  }

  content(entry: TarEntry, bytes: Buffer): void {
    // Asked for without a look at its head, it is read; with one, only where that said so.
    if (this.#innerAnswer !== 'skip') this.#inner.content(entry, bytes)
    if (this.#isWanted) this.#look(displayPath(entry.path), bytes)
  }

  #wants({ kind, path, sizeBytes, storedBytes }: TarEntry): boolean {
    return (
      kind === 'file' &&
      sizeBytes === storedBytes &&
      this.#found.length < mostSecrets &&
      this.#bytes + sizeBytes <= mostBytes &&
      mayHoldSecrets(path, sizeBytes)
    )
  }

  #look(path: string, bytes: Buffer): void {
    if (!isText(bytes.subarray(0, peekBytes))) return
    for (const { kind, offset, value } of findSecrets(path, bytes)) {
      if (this.#found.length === mostSecrets) return
      const fingerprint = createHmac('sha256', this.#salt).update(value).digest('hex').slice(0, 12)
      this.#found.push({ kind, path, line: lineAt(bytes, offset), offset, fingerprint })
    }
  }
}

function lineAt(bytes: Buffer, offset: number): number {
  let line = 1
  for (let at = bytes.indexOf(10); at !== -1 && at < offset; at = bytes.indexOf(10, at + 1))
    line += 1
  return line
}
