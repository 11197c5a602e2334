// Purpose:  the faults a policy is refused for: AWS's words for each, in the order in which IAM looks for them, and ours.
// Spec:     IAM, ECR and Organizations API errors (MalformedPolicyDocument, InvalidParameterException,
//           MalformedPolicyDocumentException); codes as IAM Access Analyzer, "Policy check reference", where it has one.
// Input:    faults as the readers of this folder report them.
// Deviates: IAM stops at its first fault; ours are all reported, and the first of the list is IAM's.
// Unknowns: none; a fault without a row here does not compile.
import type { Place, PolicyKind } from '../document.ts'

export interface PolicyFault {
  readonly code: FaultCode
  /** AWS's sentence. */
  readonly message: string
  /** Ours: what is wrong, and what to do. */
  readonly reason: string
  readonly problem: string
  readonly remedy: string
  readonly at: Place
}

/** Reports a fault; `subject` is what AWS's sentence names. */
export type Report = (code: FaultCode, problem: string, at: Place, subject?: string) => void

interface FaultRow {
  /** Which check of IAM's finds it; the lowest names the error. */
  readonly order: number
  readonly message: (subject: string) => string
  readonly remedy: string
  /** True for what is refused when a policy is put, yet has a meaning, to the safe side, in one that is stored. */
  readonly isHarmlessStored?: true
}

const syntax = (): string => 'Syntax errors in policy.'
const legacy = (): string => 'The policy failed legacy parsing'
const vendor = (subject: string): string => `Vendor ${subject} is not valid`

const structure = {
  DOCUMENT_TOO_LONG: { order: 1, message: syntax, remedy: 'make several policies of it' },
  INVALID_CHARACTER: {
    order: 1,
    message: syntax,
    remedy:
      'write it as an escape (\\u0100); a policy consists of tab, line breaks and U+0020 to U+00FF',
  },
  JSON_SYNTAX_ERROR: {
    order: 1,
    message: syntax,
    remedy: 'write JSON: names and texts in double quotes, no comments, no comma behind the last',
  },
  DUPLICATE_MEMBER: {
    order: 1,
    message: syntax,
    remedy: 'keep one of them: readers disagree on which one counts',
  },
  INVALID_POLICY_ELEMENT: {
    order: 1,
    message: syntax,
    remedy: 'use the names of the policy language, with its capital letters',
  },
  DATA_TYPE_MISMATCH: {
    order: 1,
    message: syntax,
    remedy: 'write a value of the type that the element takes',
  },
  INVALID_VERSION: { order: 1, message: syntax, remedy: 'write "Version": "2012-10-17"' },
  MISSING_STATEMENT: { order: 1, message: syntax, remedy: 'add at least one statement' },
  MISSING_EFFECT: {
    order: 1,
    message: syntax,
    remedy: 'add "Effect": "Allow" or "Effect": "Deny"',
  },
  UNSUPPORTED_ELEMENT_COMBINATION: {
    order: 1,
    message: syntax,
    remedy: 'keep one of the two, or make two statements of it',
  },
} as const satisfies Record<string, FaultRow>

const elements = {
  UNSUPPORTED_SID: {
    order: 1,
    message: () =>
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    remedy: 'write a Sid of letters and digits (in a repository policy spaces, too)',
    isHarmlessStored: true,
  },
  VERSION_TOO_OLD: {
    order: 2,
    message: () => 'Policy document must be version 2012-10-17 or greater.',
    remedy: 'write "Version": "2012-10-17"',
    isHarmlessStored: true,
  },
  INVALID_EFFECT: {
    order: 3,
    message: legacy,
    remedy: 'write "Allow" or "Deny", with its capital letter',
  },
  UNIQUE_SIDS_REQUIRED: {
    order: 4,
    message: () => 'Statement IDs (SID) in a single policy must be unique.',
    remedy: 'give each statement a Sid of its own, or none',
    isHarmlessStored: true,
  },
  MISSING_ACTION: {
    order: 5,
    message: () => 'Policy statement must contain actions.',
    remedy: 'add an Action (or NotAction) with at least one value',
  },
  MISSING_RESOURCE: {
    order: 6,
    message: () => 'Policy statement must contain resources.',
    remedy: 'add a Resource (or NotResource) with at least one value',
  },
  POLICY_TOO_LARGE: {
    order: 17,
    message: legacy,
    remedy: 'make it shorter: wildcards, fewer statements, or several policies',
    isHarmlessStored: true,
  },
} as const satisfies Record<string, FaultRow>

const principals = {
  UNSUPPORTED_PRINCIPAL_ELEMENT: {
    order: 3,
    message: () => 'Policy document should not specify a principal.',
    remedy: 'leave Principal and NotPrincipal out: this policy is about whom it is attached to',
  },
  MISSING_PRINCIPAL: {
    order: 14,
    message: () =>
      'Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a statement with no principals!',
    remedy: 'add a Principal with at least one value',
  },
  INVALID_PRINCIPAL: {
    order: 14,
    message: (subject) => `Invalid principal in policy: ${subject}`,
    remedy:
      'name an account (12 digits), a user, a role, one session with its whole name, a unique id, or "*"',
  },
  UNSUPPORTED_WILDCARD_IN_PRINCIPAL: {
    order: 14,
    message: (subject) => `Invalid principal in policy: ${subject}`,
    remedy: 'name the account, and test aws:PrincipalArn with ArnLike in a Condition',
  },
  UNSUPPORTED_PRINCIPAL: {
    order: 14,
    message: (subject) => `Invalid principal in policy: ${subject}`,
    remedy:
      'use a principal of this registry: SAML, canonical users and public identity providers have none here',
  },
  ALLOW_WITH_NOT_PRINCIPAL: {
    order: 15,
    message: legacy,
    remedy:
      'use Principal with a Condition on aws:PrincipalArn: an Allow with NotPrincipal lets in everybody else, anonymous callers included',
    isHarmlessStored: true,
  },
} as const satisfies Record<string, FaultRow>

const actions = {
  INVALID_ACTION: {
    order: 10,
    message: () => 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    remedy: 'write service:Operation, such as ecr:PutImage, or "*"',
    isHarmlessStored: true,
  },
  INVALID_ACTION_COLON: {
    order: 11,
    message: () => 'Actions/Condition can contain only one colon.',
    remedy: 'write service:Operation with one colon',
    isHarmlessStored: true,
  },
  INVALID_SERVICE_IN_ACTION: {
    order: 12,
    message: vendor,
    remedy: 'write the service in full, such as ecr; wildcards stand behind the colon',
    isHarmlessStored: true,
  },
  INVALID_ACTION_NAME: {
    order: 12,
    message: legacy,
    remedy: 'name the operation by letters and digits; * and ? are wildcards',
    isHarmlessStored: true,
  },
  UNSUPPORTED_ACTION_IN_POLICY: {
    order: 16,
    message: legacy,
    remedy:
      'leave it out: a policy of a registry or repository decides on ecr: and pratique: alone',
    isHarmlessStored: true,
  },
  UNSUPPORTED_ACTION_IN_TRUST_POLICY: {
    order: 13,
    message: () =>
      'Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity',
    remedy:
      'name sts:AssumeRole, sts:AssumeRoleWithWebIdentity, sts:TagSession or sts:SetSourceIdentity, without wildcards and without NotAction',
    isHarmlessStored: true,
  },
  MISMATCHED_ACTION_FOR_PRINCIPAL: {
    order: 16,
    message: legacy,
    remedy:
      'give identity providers sts:AssumeRoleWithWebIdentity and all others sts:AssumeRole, in statements of their own',
    isHarmlessStored: true,
  },
} as const satisfies Record<string, FaultRow>

const resources = {
  INVALID_ARN: {
    order: 7,
    message: (subject) => `Resource ${subject} must be in ARN format or "*".`,
    remedy: 'write arn:aws:ecr:REGION:ACCOUNT:repository/NAME, or "*"',
    isHarmlessStored: true,
  },
  INVALID_PARTITION: {
    order: 8,
    message: (subject) => subject,
    remedy: 'write arn:aws:...: the partition is always aws',
    isHarmlessStored: true,
  },
  MISSING_ARN_FIELD: {
    order: 9,
    message: () => 'Resource vendor must be fully qualified and cannot contain regexes.',
    remedy: 'write six fields, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or end the last with *',
    isHarmlessStored: true,
  },
  ODD_ARN: {
    order: 3,
    message: legacy,
    remedy: 'write six fields, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, with a service',
    isHarmlessStored: true,
  },
  UNSUPPORTED_RESOURCE_ARN_IN_POLICY: {
    order: 16,
    message: legacy,
    remedy:
      'leave Resource out, or write "*" or the ARN of the repository; in a registry policy arn:aws:ecr:REGION:ACCOUNT:repository/...',
    isHarmlessStored: true,
  },
  PROHIBITED_ELEMENT: {
    order: 6,
    message: (subject) => `Has prohibited field ${subject}.`,
    remedy: 'leave it out: this kind of policy has no such element',
  },
  PATTERN_TOO_COMPLEX: {
    order: 17,
    message: legacy,
    remedy: 'write at most 2048 characters with at most 64 wildcards, or several patterns',
    isHarmlessStored: true,
  },
} as const satisfies Record<string, FaultRow>

const variables = {
  MISSING_BRACE_IN_VARIABLE: {
    order: 3,
    message: legacy,
    remedy: 'close it with }; a dollar sign before a brace is written ${$}',
    isHarmlessStored: true,
  },
  EMPTY_VARIABLE: {
    order: 3,
    message: legacy,
    remedy: 'name a key between the braces, such as ${aws:username}',
    isHarmlessStored: true,
  },
  MISSING_QUOTE_IN_VARIABLE: {
    order: 3,
    message: legacy,
    remedy: "write a default in single quotes: ${aws:username, 'nobody'}",
    isHarmlessStored: true,
  },
  UNSUPPORTED_SPACE_IN_VARIABLE: {
    order: 3,
    message: legacy,
    remedy: 'leave the blanks around the key out',
    isHarmlessStored: true,
  },
  INVALID_VARIABLE: {
    order: 3,
    message: legacy,
    remedy: 'name one key with its service, such as ${aws:PrincipalTag/team}; nothing nests',
    isHarmlessStored: true,
  },
  UNSUPPORTED_VARIABLE_KEY: {
    order: 3,
    message: legacy,
    remedy: 'name a key of one value: which of several would be meant?',
    isHarmlessStored: true,
  },
  VARIABLE_UNSUPPORTED_IN_ELEMENT: {
    order: 3,
    message: legacy,
    remedy:
      'use variables behind the fifth colon of a Resource and in values of String, Arn and Bool operators',
    isHarmlessStored: true,
  },
} as const satisfies Record<string, FaultRow>

const conditions = {
  INVALID_CONDITION_OPERATOR: {
    order: 1,
    message: syntax,
    remedy: 'use an operator of the language, such as StringEquals or ForAnyValue:StringLike',
    isHarmlessStored: true,
  },
  NULL_WITH_IF_EXISTS: {
    order: 1,
    message: syntax,
    remedy: 'write Null: it asks for nothing but whether the key exists',
    isHarmlessStored: true,
  },
  EMPTY_ARRAY_CONDITION: {
    order: 1,
    message: syntax,
    remedy: 'give a value: none matches no positive operator and every negated one',
    isHarmlessStored: true,
  },
  DUPLICATE_KEYS_WITH_DIFFERENT_CASE: {
    order: 1,
    message: syntax,
    remedy: 'put the values under one key: case makes no difference in its name',
    isHarmlessStored: true,
  },
  INVALID_CONDITION_KEY_FORMAT: {
    order: 10,
    message: () => 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    remedy: 'write service:Key, such as aws:PrincipalArn, without wildcards and variables',
    isHarmlessStored: true,
  },
  INVALID_CONDITION_DATA_TYPE: {
    order: 3,
    message: legacy,
    remedy: 'write a value of the type that the operator compares',
    isHarmlessStored: true,
  },
  MISSING_QUALIFIER: {
    order: 3,
    message: legacy,
    remedy: 'put ForAllValues: or ForAnyValue: before the operator: the key has several values',
    isHarmlessStored: true,
  },
  MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL: {
    order: 16,
    message: legacy,
    remedy:
      'test the sub claim with StringEquals or StringLike, without IfExists: else every account of the provider may take the role',
    isHarmlessStored: true,
  },
  OIDC_SUBJECT_TOO_WIDE: {
    order: 16,
    message: legacy,
    remedy: 'begin the value with the part that names whom you trust; a wildcard stands behind it',
    isHarmlessStored: true,
  },
  MISSING_GITHUB_REPO_CONDITION_KEY: {
    order: 16,
    message: legacy,
    remedy: 'write repo:ORGANISATION/REPOSITORY: and what may follow it',
    isHarmlessStored: true,
  },
} as const satisfies Record<string, FaultRow>

export const faultTable = {
  ...structure,
  ...elements,
  ...principals,
  ...actions,
  ...resources,
  ...variables,
  ...conditions,
} as const

export type FaultCode = keyof typeof faultTable

/** One sentence for whatever is wrong with a policy of these kinds; IAM's kinds say what it is. */
const wholesale: Partial<Record<PolicyKind, string>> = {
  repository:
    "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
  registry:
    "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid registry policy provided'",
  scp: 'The provided policy document does not meet the requirements of the specified policy type.',
  rcp: 'The provided policy document does not meet the requirements of the specified policy type.',
}

/** No document says more about itself than these: a hostile one has tens of thousands of faults. */
const maxFaults = 100

export interface FaultList {
  readonly report: Report
  /** In IAM's order, and of one check in the order of the document. */
  readonly inOrder: () => readonly PolicyFault[]
}

/** Gathers the faults of a policy of this kind; of a stored one those that leave it without a meaning. */
export function gatherFaults(kind: PolicyKind, isStored: boolean): FaultList {
  const faults: PolicyFault[] = []
  const counts = new Map<number, number>()
  const report: Report = (code, problem, at, subject = '') => {
    const { order, remedy, message: messageOf, isHarmlessStored }: FaultRow = faultTable[code]
    const count = counts.get(order) ?? 0
    if (count >= maxFaults || (isStored && isHarmlessStored === true)) return
    counts.set(order, count + 1)
    const message = wholesale[kind] ?? messageOf(subject)
    faults.push({ code, message, reason: `${problem}; ${remedy}`, problem, remedy, at })
  }
  const inOrder = (): readonly PolicyFault[] =>
    faults
      .toSorted((a, b) => faultTable[a.code].order - faultTable[b.code].order)
      .slice(0, maxFaults)
  return { report, inOrder }
}
