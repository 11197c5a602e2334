import { inspect } from 'node:util'

const shown = '[secret]'

/** A value that no log line, error, JSON or crash report shows; whoever needs it says so with `reveal()`. */
export class Secret<T = string> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  reveal(): T {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [inspect.custom](): string {
    return shown
  }
}
