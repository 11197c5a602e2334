import { accessRules } from './access-rules.ts'
import { identityRules } from './identity-rules.ts'
import { imageRules } from './image-rules.ts'
import { operationRules } from './operation-rules.ts'
import type { PostureRule } from './posture-rule.ts'
import { repositoryRules } from './repository-rules.ts'
import { signingRules } from './signing-rules.ts'

/** Every rule, by its number. */
export const postureRules: readonly PostureRule[] = [
  ...repositoryRules,
  ...accessRules,
  ...imageRules,
  ...signingRules,
  ...operationRules,
  ...identityRules,
].toSorted((a, b) => (a.id < b.id ? -1 : 1))
