import type { MasterKeys } from './rules/master-keys.ts'
import { deriveSealingKey, type SealingKey, type SealKeys, type SealPurpose } from './rules/seal.ts'

/** The master keys in use, and what is derived from them. They change while the server runs: ask `keysOf` once, and its keys at each use. */
export class Keyring {
  #masters: MasterKeys
  readonly #derived = new Map<SealPurpose, readonly [SealingKey, ...SealingKey[]]>()
  #changing: Promise<unknown> = Promise.resolve()

  constructor(masters: MasterKeys) {
    this.#masters = masters
  }

  get masters(): MasterKeys {
    return this.#masters
  }

  get primaryId(): string {
    return this.#masters[0].id
  }

  keysOf(purpose: SealPurpose): SealKeys {
    return { inUse: () => this.#derived.get(purpose) ?? this.#derive(purpose) }
  }

  /** From now on everything is sealed under the first. What is under a key that is not given opens no more. */
  replace(masters: MasterKeys): void {
    this.#masters = masters
    this.#derived.clear()
  }

  /** Changes of the master keys one after another; the next begins when `change` has ended, however it ends. */
  async exclusively<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(change, change)
    this.#changing = turn.catch(() => undefined)
    return turn
  }

  #derive(purpose: SealPurpose): readonly [SealingKey, ...SealingKey[]] {
    const [primary, ...previous] = this.#masters
    const keys = [
      deriveSealingKey(primary.key, purpose),
      ...previous.map(({ key }) => deriveSealingKey(key, purpose)),
    ] as const
    this.#derived.set(purpose, keys)
    return keys
  }
}
