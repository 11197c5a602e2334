import { Secret } from '../../lib/secret.ts'
import type { MasterKeySource } from './master-key-source.ts'

/** Keys that the start was given; they do not change while it runs. */
export function givenKeys(primary: Secret, previous: Secret | undefined): MasterKeySource {
  const text = new Secret(`${primary.reveal()}\n${previous?.reveal() ?? ''}`)
  return {
    kind: 'environment',
    name: 'PRATIQUE_MASTER_KEY',
    read: async () => Promise.resolve(text),
    write: undefined,
  }
}
