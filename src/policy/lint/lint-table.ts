// Purpose:  what the lint looks for: a row for each finding, with how grave it is and what to do.
// Spec:     IAM Access Analyzer, "Policy check reference" (codes where it has one); parliament's findings, as far as they concern a registry.
// Input:    none.
// Deviates: private addresses are not wrong here, only not portable to ECR.
// Unknowns: none; a finding without a row does not compile.
import { faultTable } from '../reading/faults.ts'
import type { Severity } from './finding.ts'

interface Row {
  readonly severity: Severity
  /** For the list of findings. */
  readonly title: string
  readonly remedy: string
}

const security = {
  DENY_WITH_NOT_PRINCIPAL: {
    severity: 'SECURITY_WARNING',
    title: 'A Deny with NotPrincipal',
    remedy:
      'write Principal "*" with ArnNotLike on aws:PrincipalArn: a listed role exempts no session of it, and every principal with a permissions boundary is denied',
  },
  PUBLIC_PRINCIPAL: {
    severity: 'SECURITY_WARNING',
    title: 'An Allow for everybody',
    remedy:
      'name the principals, or add a condition on aws:PrincipalOrgID, aws:PrincipalArn, aws:SourceIp or the like',
  },
  ALLOW_WITH_NOT_ACTION: {
    severity: 'SECURITY_WARNING',
    title: 'An Allow with NotAction',
    remedy: 'list what is allowed in Action: NotAction allows every operation that is added later',
  },
  ALLOW_WITH_NOT_RESOURCE: {
    severity: 'SECURITY_WARNING',
    title: 'An Allow with NotResource',
    remedy: 'list what is meant in Resource: NotResource allows everything that is made later',
  },
  PASS_ROLE_WITH_STAR_IN_RESOURCE: {
    severity: 'SECURITY_WARNING',
    title: 'iam:PassRole for every role',
    remedy: 'name the roles in Resource, and the service in a condition on iam:PassedToService',
  },
  PRIVILEGE_ESCALATION: {
    severity: 'SECURITY_WARNING',
    title: 'Rights by which one gives oneself more',
    remedy:
      'leave these operations to administrators, or add a condition on iam:PermissionsBoundary',
  },
  CREDENTIALS_EXPOSURE: {
    severity: 'SECURITY_WARNING',
    title: 'Credentials of others',
    remedy:
      'name whose credentials in Resource: a role, or arn:aws:iam::ACCOUNT:user/${aws:username}',
  },
  PERMISSIONS_MANAGEMENT_FOR_EVERYTHING: {
    severity: 'SECURITY_WARNING',
    title: 'Who may change policies may change them everywhere, or is anybody',
    remedy: 'name the resources whose policies may be changed, and who may change them',
  },
  FOR_ALL_VALUES_WITHOUT_NULL_CHECK: {
    severity: 'SECURITY_WARNING',
    title: 'ForAllValues in an Allow without a test that the key exists',
    remedy: 'add "Null": {"KEY": "false"}: ForAllValues holds when the key is missing',
  },
  SET_OPERATOR_WITH_SINGLE_VALUED_KEY: {
    severity: 'SECURITY_WARNING',
    title: 'A set operator on a key of one value',
    remedy: 'leave ForAllValues: or ForAnyValue: out',
  },
  MFA_DENY_WITHOUT_IF_EXISTS: {
    severity: 'SECURITY_WARNING',
    title: 'A Deny without MFA that spares access keys',
    remedy: 'write BoolIfExists: requests with long-term keys have no aws:MultiFactorAuthPresent',
  },
  NEGATED_OPERATOR_IN_ALLOW: {
    severity: 'SECURITY_WARNING',
    title: 'A negated operator in an Allow, on a key that may be missing',
    remedy:
      'add "Null": {"KEY": "false"}, or allow by a positive operator: a negated one holds when the key is missing',
  },
  FORGEABLE_CONDITION_ALONE: {
    severity: 'SECURITY_WARNING',
    title: 'Only what the caller writes itself restricts an Allow',
    remedy: 'add a condition on who or where the caller is: headers prove nothing',
  },
  RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL: {
    severity: 'SECURITY_WARNING',
    title: 'A service acts for anybody',
    remedy: 'add a condition on aws:SourceArn or aws:SourceAccount',
  },
  CROSS_ACCOUNT_TRUST_WITHOUT_EXTERNAL_ID: {
    severity: 'SECURITY_WARNING',
    title: 'Trust in another account without an external id',
    remedy:
      'add "StringEquals": {"sts:ExternalId": "..."} with a value that the other side was given',
  },
  GITHUB_SUBJECT_WILDCARD: {
    severity: 'SECURITY_WARNING',
    title: 'Pull requests and every branch of GitHub may take the role',
    remedy: 'name what may: repo:ORG/REPO:ref:refs/heads/main, or repo:ORG/REPO:environment:NAME',
  },
  GITLAB_SUBJECT_WITHOUT_REF_TYPE: {
    severity: 'SECURITY_WARNING',
    title: 'A tag of GitLab that is named like the branch may take the role',
    remedy: 'write project_path:GROUP/PROJECT:ref_type:branch:ref:NAME',
  },
} as const satisfies Record<string, Row>

const errors = {
  VARIABLE_UNSUPPORTED_IN_VERSION: {
    severity: 'ERROR',
    title: 'A variable in a policy of the old language, where it is text',
    remedy: 'write "Version": "2012-10-17"',
  },
  TYPE_MISMATCH: {
    severity: 'ERROR',
    title: 'An operator of another type than the key',
    remedy: 'use an operator of the type of the key',
  },
  INVALID_ARN_ACCOUNT: {
    severity: 'ERROR',
    title: 'An ARN with something else for the account',
    remedy: 'write twelve digits, or a wildcard',
  },
  INVALID_ARN_REGION: {
    severity: 'ERROR',
    title: 'An ARN with something else for the region',
    remedy: 'write a region such as us-east-1, or a wildcard; IAM has none',
  },
  MISSING_TAG_KEY_IN_CONDITION_KEY: {
    severity: 'ERROR',
    title: 'A key for tags without the name of a tag',
    remedy: 'put the name of the tag behind the slash',
  },
} as const satisfies Record<string, Row>

const warnings = {
  MISSING_VERSION: {
    severity: 'WARNING',
    title: 'No Version',
    remedy: 'write "Version": "2012-10-17": without it the old language is read',
  },
  OLD_VERSION: {
    severity: 'WARNING',
    title: 'The old language',
    remedy: 'write "Version": "2012-10-17"; look for ${, which is text in the old one',
  },
  WILDCARD_WITHOUT_LIKE_OPERATOR: {
    severity: 'WARNING',
    title: 'A wildcard where it is a character',
    remedy: 'write the Like form of the operator, or ${*} if the character is meant',
  },
  STRING_OPERATOR_WITH_ARN_KEY: {
    severity: 'WARNING',
    title: 'A String operator on an ARN',
    remedy: 'write ArnEquals or ArnLike: their wildcards stay within a field',
  },
  PRIVATE_IP_ADDRESS: {
    severity: 'WARNING',
    title: 'A private address in aws:SourceIp',
    remedy: 'keep it if clients reach this registry without translation; ECR never sees one',
  },
  UNIQUE_ID_PRINCIPAL: {
    severity: 'WARNING',
    title: 'A principal by its unique id',
    remedy:
      'name the user or role: an id stands where the one that was named is deleted, and nobody has it any more',
  },
  SERVICE_PRINCIPAL_MATCHES_NOTHING: {
    severity: 'WARNING',
    title: 'A service that never calls',
    remedy: 'leave it out, or name a service of this registry: NAME.ecr.amazonaws.com',
  },
  UNKNOWN_ACTION: {
    severity: 'WARNING',
    title: 'An action that nothing asks for',
    remedy: 'look for a misspelling',
  },
  UNKNOWN_SERVICE: {
    severity: 'WARNING',
    title: 'An action of a service that is not here',
    remedy: 'leave it out if the policy is for this registry alone',
  },
  UNKNOWN_CONDITION_KEY: {
    severity: 'WARNING',
    title: 'A key that no request has',
    remedy: 'look for a misspelling: a positive operator never holds, a negated one always',
  },
  KEY_NEVER_PRESENT: {
    severity: 'WARNING',
    title: 'A key that this registry never tells',
    remedy:
      'test aws:SourceIp, aws:PrincipalArn or a tag in its place: it ends no TLS and knows no VPC and no second factor, so a positive operator never holds, a negated one always',
  },
  KEY_NOT_AVAILABLE_FOR_ACTION: {
    severity: 'WARNING',
    title: 'A key that the requests of the statement do not have',
    remedy: 'put it into a statement with the actions that have it',
  },
  RESOURCE_DOES_NOT_FIT_ACTION: {
    severity: 'WARNING',
    title: 'A resource that the action is never asked on',
    remedy: 'write the resource that the action takes; some take "*" alone',
  },
  PREFIX_WITHOUT_SLASH: {
    severity: 'WARNING',
    title: 'A prefix that covers more than a folder',
    remedy: 'write repository/team/* and, if it is meant, repository/team beside it',
  },
  UPPERCASE_REPOSITORY: {
    severity: 'WARNING',
    title: 'Capital letters in the name of a repository',
    remedy: 'write it in small letters: names of repositories have no others',
  },
  SHORT_ARN: {
    severity: 'WARNING',
    title: 'An ARN that ends before its sixth field',
    remedy: 'write all six fields: not every service of AWS reads the short form',
  },
  FOREIGN_PARTITION: {
    severity: 'WARNING',
    title: 'An ARN of another partition',
    remedy: 'write arn:aws: no resource here is of another partition',
  },
  UNUSED_DENY: {
    severity: 'WARNING',
    title: 'A Deny that denies nothing',
    remedy: 'look for a misspelling in its actions, principals and conditions',
  },
  UNIQUE_SIDS_RECOMMENDED: {
    severity: 'WARNING',
    title: 'A Sid twice',
    remedy: 'give each statement a Sid of its own: decisions are explained by it',
  },
  MULTIPLE_BOOLEAN_VALUES: {
    severity: 'WARNING',
    title: 'A test that is always true',
    remedy: 'keep one of true and false',
  },
  POLICY_SIZE_EXCEEDS_QUOTA: {
    severity: 'WARNING',
    title: 'A policy of more characters than its quota',
    remedy: 'make it shorter, or several policies of it',
  },
} as const satisfies Record<string, Row>

const suggestions = {
  REDUNDANT_ACTION: {
    severity: 'SUGGESTION',
    title: 'An action that another covers',
    remedy: 'leave it out',
  },
  REDUNDANT_RESOURCE: {
    severity: 'SUGGESTION',
    title: 'A resource that another covers',
    remedy: 'leave it out',
  },
  REDUNDANT_STATEMENT: {
    severity: 'SUGGESTION',
    title: 'A statement twice',
    remedy: 'keep one of them',
  },
  REDUNDANT_CONDITION_VALUE: {
    severity: 'SUGGESTION',
    title: 'A value that another covers',
    remedy: 'leave it out',
  },
  INCOMPLETE_PUSH_SET: {
    severity: 'SUGGESTION',
    title: 'A push needs more',
    remedy: 'add the actions that are missing, here or in another policy',
  },
  INCOMPLETE_PULL_SET: {
    severity: 'SUGGESTION',
    title: 'A pull needs more',
    remedy: 'add the actions that are missing, here or in another policy',
  },
  OVER_WIDE_ACTION: {
    severity: 'SUGGESTION',
    title: 'All operations of a service',
    remedy: 'list what is needed: a push takes seven actions, a pull three',
  },
  EMPTY_SID: {
    severity: 'SUGGESTION',
    title: 'An empty Sid',
    remedy: 'name the statement, or leave Sid out',
  },
  EMPTY_OBJECT_CONDITION: {
    severity: 'SUGGESTION',
    title: 'A condition without tests',
    remedy: 'add a test, or leave it out: it restricts nothing',
  },
  NULL_WITH_QUALIFIER: {
    severity: 'SUGGESTION',
    title: 'Null with a set operator',
    remedy: 'write Null: the set operator changes nothing',
  },
  IMPROVE_IP_RANGE: {
    severity: 'SUGGESTION',
    title: 'A network with host bits',
    remedy: 'write the address of the network: the other bits are ignored',
  },
  RESOURCE_NOT_PORTABLE: {
    severity: 'SUGGESTION',
    title: 'Resource in a repository policy',
    remedy: 'leave it out if the policy is to be put to ECR, which refuses it',
  },
  ID_NOT_PORTABLE: {
    severity: 'SUGGESTION',
    title: 'An Id where the grammar has none',
    remedy: 'leave it out: it means nothing in this kind of policy',
  },
  PRATIQUE_KEY_NOT_PORTABLE: {
    severity: 'SUGGESTION',
    title: 'A key or action of this registry alone',
    remedy: 'leave it out if the policy is to be put to AWS: no request there has it',
  },
} as const satisfies Record<string, Row>

export const lintTable = { ...errors, ...security, ...warnings, ...suggestions } as const

export type LintCode = keyof typeof lintTable

/** Every code there is: the faults for which a policy is refused, then what the lint adds. */
export const allCodes: readonly {
  readonly code: string
  readonly severity: Severity
  readonly title: string | undefined
  readonly remedy: string
}[] = [
  ...Object.entries(faultTable).map(([code, { remedy }]) => {
    return { code, severity: 'ERROR' as const, title: undefined, remedy }
  }),
  ...Object.entries(lintTable).map(([code, row]) => ({ code, ...row })),
]
