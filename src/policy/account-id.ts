declare const brand: unique symbol
/** The 12 digits that name an account. */
export type AccountId = string & { readonly [brand]: 'AccountId' }

export function parseAccountId(text: string): AccountId | undefined {
  return /^[0-9]{12}$/.test(text) ? (text as AccountId) : undefined
}
