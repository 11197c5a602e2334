// The levels of signature verification as rows (Notary Project trust-store-trust-policy.md, signature verification levels).
// Whoever judges reads the row; nobody asks for a level by its name.

export type CheckAction = 'enforce' | 'log' | 'skip'

export const overridable = ['authenticity', 'authenticTimestamp', 'expiry', 'revocation'] as const

export type VerificationActions = Readonly<
  Record<'integrity' | (typeof overridable)[number], CheckAction>
>

export const levels = ['strict', 'permissive', 'audit', 'skip'] as const
export type LevelName = (typeof levels)[number]

const rows: Readonly<Record<LevelName, VerificationActions>> = {
  strict: {
    integrity: 'enforce',
    authenticity: 'enforce',
    authenticTimestamp: 'enforce',
    expiry: 'enforce',
    revocation: 'enforce',
  },
  permissive: {
    integrity: 'enforce',
    authenticity: 'enforce',
    authenticTimestamp: 'log',
    expiry: 'log',
    revocation: 'log',
  },
  audit: {
    integrity: 'enforce',
    authenticity: 'log',
    authenticTimestamp: 'log',
    expiry: 'log',
    revocation: 'log',
  },
  skip: {
    integrity: 'skip',
    authenticity: 'skip',
    authenticTimestamp: 'skip',
    expiry: 'skip',
    revocation: 'skip',
  },
}

/** The row of a level, with what a statement overrides. */
export function actionsOf(
  level: LevelName,
  override: Partial<VerificationActions> = {},
): VerificationActions {
  return { ...rows[level], ...override }
}
