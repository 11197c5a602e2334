// Purpose:  when does an update of the vulnerability data become a digest instead of a message for each finding?
// Spec:     docs/notifications.md, "Digests and storms".
// Input:    how many images of an account an update touches, and how many it has.
// Deviates: nothing.
// Unknowns: none.

/** Images below which no update is a storm, and above which every one is. */
const fewestImages = 50
const mostImages = 5_000

/** Messages that one update may make for one sink; those that follow are held. */
export const mostUpdateMessages = 1_000
/** Findings of one scan that go to one sink each by itself; where there are more, all of them are held. */
export const mostScanMessages = 100

/** How many touched images are still no storm. */
export function stormLimit(images: number, percent: number): number {
  return Math.min(Math.max(Math.floor((images * percent) / 100), fewestImages), mostImages)
}
