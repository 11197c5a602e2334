import { describeMasterKeys, type MasterKeysDescription } from './describe-master-keys.ts'
import {
  dropPreviousKeys,
  resealing,
  rotateMasterKey,
  type Resealed,
  type RotationDeps,
} from './rotate-master-key.ts'

export type RotationStep =
  | { readonly kind: 'primary'; readonly primary: string; readonly previous: string }
  | ({ readonly kind: 'resealed' } & Resealed)
  | ({
      readonly kind: 'done'
      /** Ids of previous keys that are in no use any more. */
      readonly dropped: readonly string[]
    } & MasterKeysDescription)

/**
 * A rotation from its first step to its last; resolves when the new key is in use, rejects as `rotateMasterKey` does. Whoever does
 * not wait for the end leaves it to the job.
 */
export async function runRotation(
  deps: RotationDeps,
  input: { readonly endSessions: boolean },
  options: { readonly signal: AbortSignal },
): Promise<AsyncIterable<RotationStep>> {
  const change = await rotateMasterKey(deps, input)
  return rotationSteps(deps, change, options)
}

async function* rotationSteps(
  deps: RotationDeps,
  change: { readonly primary: string; readonly previous: string },
  options: { readonly signal: AbortSignal },
): AsyncGenerator<RotationStep, void> {
  yield { kind: 'primary', ...change }
  for await (const resealed of resealing(deps, options)) yield { kind: 'resealed', ...resealed }
  const dropped = await dropPreviousKeys(deps)
  const described = await describeMasterKeys({ reader: deps.database, source: deps.source })
  yield { kind: 'done', dropped, ...described }
}
