import { randomBytes, randomUUID } from 'node:crypto'

/** Source of identifiers and of random bytes; injected so that tests are repeatable. */
export interface Ids {
  /** A version 4 UUID. */
  uuid(): string
  /** `size` random bytes from the operating system. */
  bytes(size: number): Buffer
}

export const systemIds: Ids = { uuid: () => randomUUID(), bytes: (size) => randomBytes(size) }
