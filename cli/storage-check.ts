// How the events of a storage check are shown: problems as they come, then how it ended.
import { note, say, visible, type Format } from './output.ts'
import { shownSize } from './size.ts'

export interface Problem {
  readonly kind: string
  readonly subject: string
  readonly detail: string
  readonly repair: 'done' | 'possible' | 'by-hand'
  readonly advice: string
}

export interface CheckSummary {
  readonly kind: 'summary'
  /** False when the database itself is damaged, so that nothing else was looked at. */
  readonly isComplete: boolean
  readonly counts: CheckCounts
  readonly problems: number
  readonly left: number
}

interface CheckCounts {
  readonly blobs: number
  readonly hashedBytes: number
  readonly storedKeys: number
  readonly youngKeys: number
  readonly manifests: number
  readonly tags: number
  readonly links: number
  readonly uploads: number
}

export type CheckEvent =
  | {
      readonly kind: 'progress'
      readonly part: string
      readonly counts: CheckCounts
      readonly total: { readonly blobs: number; readonly manifests: number }
    }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | CheckSummary

/** Takes the events of one check, in their order. */
export class CheckView {
  readonly problems: Problem[] = []
  summary: CheckSummary | undefined
  readonly #format: Format
  #shown = ''

  constructor(format: Format) {
    this.#format = format
  }

  take(event: CheckEvent): void {
    if (event.kind === 'summary') this.summary = event
    else if (event.kind === 'progress') this.#showProgress(event)
    else {
      this.problems.push(event.problem)
      if (this.#format === 'table') say(renderProblem(event.problem))
    }
  }

  #showProgress({ part, counts, total }: Extract<CheckEvent, { kind: 'progress' }>): void {
    const twentieths = Math.floor((20 * counts.blobs) / Math.max(total.blobs, 1))
    const share = part === 'blobs' ? ` (${twentieths * 5} % of ${total.blobs})` : ''
    const line = `checking: ${part}${share}`
    if (line !== this.#shown) note(line)
    this.#shown = line
  }
}

const marks = { done: 'repaired', possible: 'found', 'by-hand': 'found' } as const

function renderProblem({ kind, subject, detail, repair, advice }: Problem): string {
  const lines = [`${marks[repair].padEnd(8)}  ${kind}  ${visible(subject)}: ${visible(detail)}`]
  const prefix = repair === 'possible' ? '--repair: ' : ''
  return [...lines, `          ${prefix}${advice}`].join('\n')
}

export function renderSummary({ counts, problems, left, isComplete }: CheckSummary): string {
  const hashed = counts.hashedBytes === 0 ? '' : `, ${shownSize(counts.hashedBytes)} hashed`
  const young = counts.youngKeys === 0 ? '' : ` (${counts.youngKeys} young, without a row yet)`
  const lines = [
    `looked at ${counts.blobs} blobs${hashed}, ${counts.storedKeys} stored keys${young}, ${counts.manifests} manifests, ${counts.tags} tags, ${counts.links} links, ${counts.uploads} open uploads`,
  ]
  if (!isComplete) lines.push('the database is damaged: nothing else was looked at')
  lines.push(
    problems === 0
      ? 'no problem found'
      : `${problems} problems found, ${problems - left} repaired, ${left} left`,
  )
  return lines.join('\n')
}
