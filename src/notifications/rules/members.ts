// Purpose:  read the members of a JSON object that somebody sent, and tell everything that is wrong with it.
// Spec:     none; the words are the API's own.
// Input:    hostile JSON.
// Deviates: nothing.
// Unknowns: a member that nobody asked for is a problem, so that a slip of the pen is not taken for a default.

/** What is wrong goes into `problems`, each with the member's path. A null member is an absent one. */
export class Members {
  readonly #members: ReadonlyMap<string, unknown>
  readonly #path: string
  readonly #problems: string[]
  readonly #asked = new Set<string>()

  constructor(value: unknown, path: string, problems: string[]) {
    this.#path = path
    this.#problems = problems
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isObject)
      problems.push(`${path === '' ? 'the body' : path.slice(0, -1)} must be an object`)
    this.#members = new Map(
      isObject ? Object.entries(value).filter(([, member]) => member !== null) : [],
    )
  }

  has(name: string): boolean {
    this.#asked.add(name)
    return this.#members.has(name)
  }

  value(name: string): unknown {
    this.#asked.add(name)
    return this.#members.get(name)
  }

  text(name: string, isGood: (text: string) => boolean, expected: string): string | undefined {
    const found = this.value(name)
    if (typeof found === 'string' && isGood(found)) return found
    return this.#refuse(name, expected)
  }

  optionalText(
    name: string,
    isGood: (text: string) => boolean,
    expected: string,
  ): string | undefined {
    return this.has(name) ? this.text(name, isGood, expected) : undefined
  }

  texts(
    name: string,
    isGood: (text: string) => boolean,
    bounds: { readonly expected: string; readonly min: number; readonly max: number },
  ): readonly string[] {
    const { expected, min, max } = bounds
    const found = this.value(name)
    const list: readonly unknown[] = Array.isArray(found) ? found : []
    const good = list.filter((one): one is string => typeof one === 'string' && isGood(one))
    const isWhole = Array.isArray(found) && good.length === list.length
    if (isWhole && good.length >= min && good.length <= max) return [...new Set(good)]
    this.#refuse(name, `a list of ${min} to ${max} ${expected}`)
    return []
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const found = this.value(name)
    const chosen = choices.find((choice) => choice === found)
    return chosen ?? this.#refuse(name, `one of ${choices.join(', ')}`)
  }

  optionalChoice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    return this.has(name) ? this.choice(name, choices) : undefined
  }

  optionalChoices<T extends string>(name: string, choices: readonly T[]): readonly T[] | undefined {
    if (!this.has(name)) return undefined
    const found = this.value(name)
    const list: readonly unknown[] = Array.isArray(found) ? found : []
    const chosen = choices.filter((choice) => list.includes(choice))
    if (chosen.length > 0 && chosen.length === new Set(list).size) return chosen
    return this.#refuse(name, `a list of some of ${choices.join(', ')}`)
  }

  optionalWhole(name: string, min: number, max: number): number | undefined {
    if (!this.has(name)) return undefined
    const found = this.value(name)
    const isWhole = typeof found === 'number' && Number.isInteger(found)
    if (isWhole && found >= min && found <= max) return found
    return this.#refuse(name, `a whole number from ${min} to ${max}`)
  }

  optionalNumber(name: string, min: number, max: number): number | undefined {
    if (!this.has(name)) return undefined
    const found = this.value(name)
    if (typeof found === 'number' && found >= min && found <= max) return found
    return this.#refuse(name, `a number from ${min} to ${max}`)
  }

  flag(name: string): boolean | undefined {
    if (!this.has(name)) return undefined
    const found = this.value(name)
    return typeof found === 'boolean' ? found : this.#refuse(name, 'true or false')
  }

  /** After everything was asked for. */
  refuseOthers(): void {
    const others = [...this.#members.keys()].filter((name) => !this.#asked.has(name))
    for (const name of others.slice(0, 5)) {
      const known = [...this.#asked].join(', ')
      this.#problems.push(
        `${this.#path}${JSON.stringify(name.slice(0, 64))} is not known; known are ${known}`,
      )
    }
  }

  #refuse(name: string, expected: string): undefined {
    this.#problems.push(`${this.#path}${name} must be ${expected}`)
    return undefined
  }
}
