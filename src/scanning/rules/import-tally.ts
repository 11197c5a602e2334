/** What an import met; lists of lines are cut, counts are not. */
export interface LineNotes {
  readonly count: number
  readonly first: readonly LineNote[]
}

export interface LineNote {
  readonly line: number
  readonly reason: string
}

export type RecordedAs = 'added' | 'changed' | 'unchanged' | 'outdated'

/** What became of a record, and what its earlier mention in the same file had become. */
export interface Recorded {
  readonly as: RecordedAs
  readonly insteadOf: RecordedAs | undefined
}

const keptNotes = 100
/** Real feeds have some hundred at most. */
const maxEcosystems = 5000

export class ImportTally {
  read = 0
  /** Records in no form that can be read. */
  unreadable = 0
  /** The newest date of a record. */
  newest: Date | undefined
  readonly #ecosystems = new Map<string, number>()
  readonly #as = { added: 0, changed: 0, unchanged: 0, outdated: 0 }
  readonly #rejected = new Notes()
  readonly #duplicates = new Notes()

  /** Records that are stored now, distinct by key. */
  get accepted(): number {
    const { added, changed, unchanged, outdated } = this.#as
    return added + changed + unchanged + outdated
  }

  get rejected(): number {
    return this.#rejected.count
  }

  /** Every ecosystem that a record speaks of, with its release. */
  get ecosystems(): ReadonlySet<string> {
    return new Set(this.#ecosystems.keys())
  }

  /** How many records speak of it. */
  recordsOf(ecosystem: string): number {
    return this.#ecosystems.get(ecosystem) ?? 0
  }

  /** What the file tells of itself. */
  see(modified: Date | undefined, ecosystems: Iterable<string>): void {
    for (const ecosystem of new Set(ecosystems)) {
      const known = this.#ecosystems.get(ecosystem)
      if (known !== undefined || this.#ecosystems.size < maxEcosystems)
        this.#ecosystems.set(ecosystem, (known ?? 0) + 1)
    }
    if (modified !== undefined && (this.newest === undefined || modified > this.newest))
      this.newest = modified
  }

  reject(line: number, reason: string): void {
    this.unreadable += 1
    this.#rejected.add(line, reason)
  }

  count(line: number, key: string, { as, insteadOf }: Recorded): void {
    this.#as[as] += 1
    if (insteadOf !== undefined) {
      this.#as[insteadOf] -= 1
      this.#duplicates.add(line, `${key} stands earlier in the file: the later one counts`)
    }
    if (as === 'outdated') {
      this.#rejected.add(line, `${key} is older than the record in force`)
    }
  }

  counts(): {
    readonly read: number
    readonly added: number
    readonly changed: number
    readonly unchanged: number
    readonly rejected: LineNotes
    readonly duplicates: LineNotes
  } {
    const { added, changed, unchanged } = this.#as
    const notes = { rejected: this.#rejected.notes(), duplicates: this.#duplicates.notes() }
    return { read: this.read, added, changed, unchanged, ...notes }
  }
}

class Notes {
  count = 0
  readonly #first: LineNote[] = []

  add(line: number, reason: string): void {
    this.count += 1
    if (this.#first.length < keptNotes) this.#first.push({ line, reason })
  }

  notes(): LineNotes {
    return { count: this.count, first: [...this.#first] }
  }
}
