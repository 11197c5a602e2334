// Purpose:  the ARN of a named key, by which policies let people use one key and not another.
// Spec:     our own, in AWS's form; named keys are no resource of AWS Signer.
// Input:    an account and a name of the grammar of keys.
// Deviates: nothing.
// Unknowns: a name outside the grammar → `*`: only who may do it with every key is told what is wrong with it.
import type { AccountId } from '../../policy/account-id.ts'
import { formatArn } from '../../policy/arn.ts'

const namePattern = /^[A-Za-z0-9_.-]{1,64}$/

export function isSigningKeyName(name: string): boolean {
  return namePattern.test(name)
}

export function signingKeyArn(region: string, account: AccountId, name: string): string {
  if (!isSigningKeyName(name)) return '*'
  return formatArn({ service: 'pratique', region, account, resource: `signing-key/${name}` })
}
