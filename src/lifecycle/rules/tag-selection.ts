// Purpose:  which images a rule of a lifecycle policy is about.
// Spec:     Amazon ECR User Guide, lifecycle policy parameters: tagStatus, tagPrefixList, tagPatternList, storageClass.
// Input:    a parsed selection; tags of an image, which may hold any character of the tag grammar.
// Deviates: nothing; all patterns of a list must match, as on AWS.
// Unknowns: none.
import type { LifecycleSelection, StorageClass } from './lifecycle-policy.ts'

/** What of an image a selection looks at. */
export interface SelectableImage {
  readonly tags: readonly string[]
  readonly storageClass: StorageClass
}

export type ImageTest = (image: SelectableImage) => boolean

/** The selection as a test, made once for many images. */
export function selectionTest({ storageClass, tags }: LifecycleSelection): ImageTest {
  switch (tags.kind) {
    case 'any':
      return (image) => image.storageClass === storageClass
    case 'untagged':
      return (image) => image.storageClass === storageClass && image.tags.length === 0
    case 'tagged': {
      const tests = tags.all.map((text) =>
        tags.written === 'prefix' ? prefixTest(text) : globTest(text),
      )
      return (image) =>
        image.storageClass === storageClass &&
        image.tags.length > 0 &&
        tests.every((test) => image.tags.some(test))
    }
  }
}

function prefixTest(prefix: string): (tag: string) => boolean {
  return (tag) => tag.startsWith(prefix)
}

/** `*` is any run of characters, also none; all else is itself. Linear in the tag for each of the few stars. */
export function globTest(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return (text) => text === pattern
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false
    let from = first.length
    const end = text.length - last.length
    for (const part of rest) {
      const found = text.indexOf(part, from)
      if (found === -1) return false
      from = found + part.length
    }
    return from <= end
  }
}
