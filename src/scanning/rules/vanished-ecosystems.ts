// Which releases left a feed as a whole, and which came back?

export interface KnownEcosystem {
  readonly ecosystem: string
  readonly isFrozen: boolean
}

export interface EcosystemChanges {
  /** Not spoken of any more: what was said of them last stays. */
  readonly vanished: readonly string[]
  /** Vanished now or before: records about them alone are no loss. */
  readonly gone: readonly string[]
  /** Spoken of again. */
  readonly returned: readonly string[]
}

/**
 * Feeds drop a release when its support ends. Where more than half of what a feed spoke of is missing, the file is broken
 * or another one, and nothing has vanished: the loss of records then speaks for itself.
 */
export function compareEcosystems(
  known: readonly KnownEcosystem[],
  present: ReadonlySet<string>,
): EcosystemChanges {
  const live = known.filter(({ isFrozen }) => !isFrozen)
  const missing = live.filter(({ ecosystem }) => !present.has(ecosystem))
  const returned = known.filter(({ isFrozen, ecosystem }) => isFrozen && present.has(ecosystem))
  const vanished = missing.length * 2 > live.length ? [] : missing
  const frozen = known.filter(({ isFrozen, ecosystem }) => isFrozen && !present.has(ecosystem))
  return {
    vanished: vanished.map(({ ecosystem }) => ecosystem),
    gone: [...vanished, ...frozen].map(({ ecosystem }) => ecosystem),
    returned: returned.map(({ ecosystem }) => ecosystem),
  }
}
