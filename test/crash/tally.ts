// One line of the harness's table.
export class Tally {
  readonly name: string
  steps = 0
  kills = 0
  faults = 0
  checks = 0
  readonly violations: string[] = []
  #where = ''

  constructor(name: string) {
    this.name = name
  }

  /** Violations that follow happened here. */
  at(where: string): void {
    this.#where = where
  }

  judged(checks: number, violations: readonly string[]): void {
    this.checks += checks
    this.violations.push(...violations.map((what) => `${this.name}, ${this.#where}: ${what}`))
  }

  violated(what: string): void {
    this.judged(1, [what])
  }
}

export function table(tallies: readonly Tally[]): string {
  const head = ['scenario', 'steps', 'kills', 'faults', 'invariants checked', 'violations']
  const row = (name: string, list: readonly Tally[]): readonly string[] => [
    name,
    ...(['steps', 'kills', 'faults', 'checks'] as const).map((key) =>
      String(list.reduce((sum, tally) => sum + tally[key], 0)),
    ),
    String(list.reduce((sum, { violations }) => sum + violations.length, 0)),
  ]
  const rows = [head, ...tallies.map((tally) => row(tally.name, [tally])), row('all', tallies)]
  const widths = head.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
  return `${lines.join('\n')}\n`
}
