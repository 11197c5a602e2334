// Purpose:  say what the list of an image's packages does not speak about.
// Spec:     none; a list that is not whole is never shown as one that is.
// Input:    what squashing the layers gave.
// Deviates: nothing; whether anybody has advisories for the packages is no matter of the list.
// Unknowns: are what this file is about.
import type { SquashedImage } from './squash.ts'

const shownProblems = 20

/** One sentence each; none for a list that is whole as far as the layers tell. */
export function inventoryGaps({
  notes,
  problems,
}: Pick<SquashedImage, 'notes' | 'problems'>): readonly string[] {
  const more = problems.length - shownProblems
  return [
    ...notes.map(({ message, path }) => withPath(message, path)),
    ...problems.slice(0, shownProblems).map(({ path, reason }) => withPath(reason, path)),
    ...(more > 0 ? [`${more} more files could not be read`] : []),
  ]
}

function withPath(message: string, path: string | undefined): string {
  return path === undefined || path === '' ? message : `${path}: ${message}`
}
