import { parseAccountId } from '../src/policy/account-id.ts'
import { exitCodes, Failure } from './failure.ts'
import { configOf } from './settings.ts'

/** No server is asked: this is the program itself, loaded only when it is asked for. */
export async function recoverRootKey(asked: {
  readonly id: string
  readonly directory: string
  readonly replacesAll: boolean
}): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }> {
  const { id, directory, replacesAll } = asked
  const account = parseAccountId(id)
  if (account === undefined) throw new Failure(exitCodes.usage, 'an account is 12 digits')
  const program = await import('../src/main.ts')
  try {
    return await program.recoverRootKey(configOf({ data: directory }), { account, replacesAll })
  } catch (error) {
    if (!(error instanceof program.StartError)) throw error
    throw new Failure(exitCodes.error, error.message, undefined, { cause: error })
  }
}
