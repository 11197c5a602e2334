import type { Secret } from '../../lib/secret.ts'

/** Where the master keys come from: text with one key a line, the primary first. */
export interface MasterKeySource {
  readonly kind: 'file' | 'environment' | 'command'
  /** Of the file or the variable, for messages. */
  readonly name: string
  /** Undefined when there is none yet. MasterKeySourceError when it cannot be had or must not be trusted. */
  read(): Promise<Secret | undefined>
  /** Replaces the text, whole or not at all, and durably; undefined where it is not the server's to change. */
  readonly write: ((text: Secret) => Promise<void>) | undefined
}

/** Says what is wrong and what to do; never what the source holds. */
export class MasterKeySourceError extends Error {}
