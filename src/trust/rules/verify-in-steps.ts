// A signature is judged in steps: what its judge wants to know of revocation is fetched by somebody else, and it is asked again.
import type {
  AwsRevocationQuestion,
  AwsSignerAnswer,
} from '../../signatures/notation/aws-signer.ts'
import type { IssuerWord } from '../../signatures/notation/issuer-word.ts'
import type { RevocationData } from '../../signatures/notation/notation-input.ts'
import type {
  IssuedCertificate,
  WantedRevocation,
} from '../../signatures/notation/wanted-revocation.ts'
import type { WantedAnswer } from '../../signatures/x509/revocation.ts'
import type { Verifier, VerifierInput, VerifierOptions, CandidateVerdict } from './verifier.ts'

export interface JudgeQuestion {
  readonly input: VerifierInput
  readonly revocation: RevocationData
  /** Nothing more is fetched: what is wanted and not there counts as unavailable. */
  readonly isLast: boolean
}

export type JudgeStep =
  | { readonly kind: 'wanted'; readonly wanted: WantedRevocation }
  | { readonly kind: 'verdict'; readonly verdict: CandidateVerdict }

type Judge = (question: JudgeQuestion, options: VerifierOptions) => JudgeStep | Promise<JudgeStep>

/** Who is asked about revoked certificates, and of the signing service. Neither rejects for what is answered. */
export interface RevocationSource {
  readonly answerTo: (
    wanted: WantedAnswer,
    options: VerifierOptions,
  ) => Promise<Uint8Array | 'unavailable'>
  readonly askSigner: (question: AwsRevocationQuestion) => Promise<AwsSignerAnswer>
  /** What is known of a certificate where it was issued; undefined of a stranger's. Where it is not here, all are strangers'. */
  readonly askIssuer?: (certificate: IssuedCertificate) => Promise<IssuerWord | undefined>
}

/** A list may name its delta: so often it is looked again what is wanted. */
const maxRounds = 4
/** Of one signature. */
const maxAnswers = 12

export function verifyInSteps(judge: Judge, source: RevocationSource): Verifier {
  return async (input, options) => {
    let revocation: RevocationData = { answers: new Map() }
    for (let round = 0; ; round += 1) {
      const isLast = round >= maxRounds
      const step = await judge({ input, revocation, isLast }, options)
      if (step.kind === 'verdict') return step.verdict
      if (isLast) throw new Error('the judge wants more than there is')
      revocation = await withWanted(source, revocation, step.wanted, options)
    }
  }
}

async function withWanted(
  source: RevocationSource,
  known: RevocationData,
  wanted: WantedRevocation,
  options: VerifierOptions,
): Promise<RevocationData> {
  const { certificate, awsSigner: question } = wanted
  const issuer =
    certificate === undefined
      ? known.issuer
      : ((await source.askIssuer?.(certificate)) ?? 'stranger')
  const told = issuer === undefined ? known : { ...known, issuer }
  // Who issued it needs no list of its own.
  if (certificate !== undefined && issuer !== 'stranger') return told
  const answers = new Map(known.answers)
  for (const one of wanted.answers) {
    const isTooMuch = answers.size >= maxAnswers
    answers.set(one.key, isTooMuch ? 'unavailable' : await source.answerTo(one, options))
  }
  if (question === undefined) return { ...told, answers }
  return { ...told, answers, awsSigner: await source.askSigner(question) }
}
