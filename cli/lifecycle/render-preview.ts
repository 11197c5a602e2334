import type {
  PreviewDay,
  PreviewDocument,
  PreviewLine,
} from '../../src/lifecycle/rules/preview-document.ts'
import { renderTable } from '../output.ts'
import { shownSize } from '../size.ts'

/** Images of each rule that are shown; the JSON has more of them. */
const maxShown = 10

export function renderPreview(document: PreviewDocument, sizes: 'freed' | 'images'): string {
  const { repository, images, today, later, warnings } = document
  const parts = [
    `${repository}: ${counted(images, 'image')}`,
    renderDay('today', today, sizes),
    ...(later === undefined
      ? []
      : [renderDay(`more by ${later.at.slice(0, 10)}, if nobody pushes`, later, sizes)]),
    renderProtected(document.protected),
    ...warnings.map(({ code, message }) => `warning: ${message} (${code})`),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function renderDay(when: string, day: PreviewDay, sizes: 'freed' | 'images'): string {
  if (day.expiring + day.archiving === 0) return `${when}: nothing`
  const followers = day.following === 0 ? '' : `, with ${counted(day.following, 'referrer')}`
  const bytes = day.bytes === undefined ? '' : `, ${sizeText(day.bytes, sizes)}`
  const head = `${when}: ${day.expiring} deleted${followers}${bytes}; ${day.archiving} archived`
  const rules = day.rules.map((rule) => {
    const what = rule.action === 'expire' ? 'deletes' : 'archives'
    const size = rule.bytes === undefined ? '' : ` (${sizeText(rule.bytes, sizes)})`
    const about = rule.description === undefined ? '' : `: ${rule.description}`
    const line = `  rule ${rule.rule} ${what} ${counted(rule.images, 'image')}${size}${about}`
    return [line, renderLines(rule.first, rule.images)].join('\n')
  })
  return [head, ...rules].join('\n')
}

function sizeText(bytes: number, sizes: 'freed' | 'images'): string {
  return sizes === 'freed' ? `${shownSize(bytes)} freed` : `images of ${shownSize(bytes)}`
}

function renderProtected(kept: PreviewDocument['protected']): string {
  if (kept.images === 0) return ''
  const head = `kept by something else: ${counted(kept.images, 'image')}`
  return [head, renderLines(kept.first, kept.images)].join('\n')
}

function renderLines(lines: readonly PreviewLine[], all: number): string {
  const shown = lines.slice(0, maxShown)
  const rows = shown.map(({ digest, tags, pushedAt, why }) => [
    tags.length === 0 ? '(no tag)' : tags.slice(0, 3).join(' ') + (tags.length > 3 ? ' …' : ''),
    digest.slice(0, 19),
    pushedAt.slice(0, 16).replace('T', ' '),
    why,
  ])
  const table = renderTable(['TAGS', 'DIGEST', 'PUSHED', 'WHY'], rows)
  const more = all > shown.length ? [`and ${all - shown.length} more`] : []
  return [...table.split('\n'), ...more].map((line) => `    ${line}`).join('\n')
}

export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
