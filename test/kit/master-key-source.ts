import { Secret } from '../../src/lib/secret.ts'
import type { MasterKeySource } from '../../src/storage/master-key/master-key-source.ts'

/** A source in memory, and what it holds. */
export function memoryKeySource(
  text?: string,
  kind: MasterKeySource['kind'] = 'file',
): MasterKeySource & { text: string | undefined } {
  const source = {
    kind,
    name: 'the test’s source',
    text,
    read: async () =>
      Promise.resolve(source.text === undefined ? undefined : new Secret(source.text)),
    write:
      kind === 'file'
        ? async (next: Secret) => {
            source.text = next.reveal()
            return Promise.resolve()
          }
        : undefined,
  }
  return source
}
