declare const brand: unique symbol
/** The 12 digits that name an account. */
export type AccountId = string & { readonly [brand]: 'AccountId' }

/** No account has it: stands for whoever belongs to another. */
export const nobodysAccount = '000000000000' as AccountId

export function parseAccountId(text: string): AccountId | undefined {
  return /^[0-9]{12}$/.test(text) ? (text as AccountId) : undefined
}
