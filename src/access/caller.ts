import type { AccountId } from '../policy/account-id.ts'

/** Who is calling, as authentication established it; nothing here comes from the request unverified. */
export interface Caller {
  readonly accountId: AccountId
  readonly principalArn: string
  /** The unique id (`AIDA…`): survives renaming, never reused. */
  readonly principalId: string
  readonly principalName: string
  readonly accessKeyId: string | undefined
  readonly method: 'sigv4' | 'sigv4-presigned' | 'ecr-token' | 'access-key-basic' | 'bearer-token'
  readonly sourceAddress: string
  readonly secureTransport: boolean
}
