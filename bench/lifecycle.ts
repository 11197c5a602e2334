// A lifecycle policy over 100,000 images of one repository: with three rules, and with the fifty that a policy may have.
import { evaluateLifecycle } from '../src/lifecycle/rules/evaluate-lifecycle.ts'
import type { LifecycleImage } from '../src/lifecycle/rules/lifecycle-image.ts'
import { dayMs } from '../src/lifecycle/rules/lifecycle-policy.ts'
import { lifecycleOf } from '../test/kit/lifecycle.ts'

const imageCount = 100_000
const now = Date.parse('2026-11-24T12:00:00Z')

/** Prints the median of rounds in milliseconds of processor time, so that other work on the machine does not count. */
export function benchLifecycle(print: (line: string) => void): void {
  const images = Array.from({ length: imageCount }, (_, index) => imageAt(index))
  const fifty = Array.from(
    { length: 50 },
    (_, index) => `${index + 1} pattern:*branch-${index}-* count:10`,
  )
  for (const [name, rules] of [
    ['three rules', ['1 untagged count:10', '2 prefix:branch-1 pushed:30d', '3 any count:50000']],
    ['fifty rules of patterns', fifty],
  ] as const) {
    const policy = lifecycleOf(rules)
    const times = Array.from({ length: 5 }, () => {
      const before = process.cpuUsage()
      evaluateLifecycle(policy, images, { now })
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000
    }).toSorted((left, right) => left - right)
    const [least, median, most] = [times[0], times[2], times[4]].map((ms) => Math.round(ms ?? 0))
    print(`lifecycle, ${imageCount} images, ${name}: ${median} ms (${least} to ${most})`)
  }
}

/** One of five has no tag, and one of five two. */
function imageAt(index: number): LifecycleImage {
  const tag = `branch-${index % 60}-${index}`
  return {
    digest: `sha256:${((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(64, '0')}`,
    tags: index % 5 === 0 ? [] : index % 5 === 1 ? [tag, `build-${index}`] : [tag],
    pushedAt: now - ((index * 7919) % 400) * dayMs - index,
    storageClass: 'standard',
    heldBy: [],
  }
}
