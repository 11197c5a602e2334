// The Signer operations that are served: all of the model. Constraints are the service model's.
import type { Operation } from '../protocol/operation.ts'
import type { SignerCall, SignerDeps } from './call.ts'
import { jobOperations } from './job-operations.ts'
import { permissionOperations } from './permission-operations.ts'
import { profileOperations } from './profile-operations.ts'

export const signerOperations: ReadonlyMap<string, Operation<SignerDeps, SignerCall>> = new Map(
  [...profileOperations, ...permissionOperations, ...jobOperations].map((row) => [row.name, row]),
)
