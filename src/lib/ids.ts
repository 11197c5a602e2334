import { randomBytes, randomUUID } from 'node:crypto'

/** Source of identifiers and of random bytes; injected so that tests are repeatable. */
export interface Ids {
  /** A version 4 UUID. */
  uuid(): string
  /** `size` random bytes from the operating system. */
  bytes(size: number): Buffer
}

export const systemIds: Ids = { uuid: () => randomUUID(), bytes: (size) => randomBytes(size) }

/** A number from 0 to 1, each as likely as the other. */
export function chanceOf(ids: Ids): number {
  return ids.bytes(4).readUInt32BE() / 2 ** 32
}
