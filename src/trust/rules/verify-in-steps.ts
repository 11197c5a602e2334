// A signature is judged in steps: what its judge wants to know of revocation is fetched by somebody else, and it is asked again.
import type {
  AwsRevocationQuestion,
  AwsSignerAnswer,
} from '../../signatures/notation/aws-signer.ts'
import type { RevocationData } from '../../signatures/notation/verify-notation.ts'
import type { WantedRevocation } from '../../signatures/notation/wanted-revocation.ts'
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
}

/** A list may name its delta: so often it is looked again what is wanted. */
const maxRounds = 3
/** Of one signature. */
const maxAnswers = 12

export function verifyInSteps(judge: Judge, source: RevocationSource): Verifier {
  return async (input, options) => {
    const answers = new Map<string, Uint8Array | 'unavailable'>()
    let awsSigner: AwsSignerAnswer | undefined
    for (let round = 0; ; round += 1) {
      const revocation = { answers, ...(awsSigner === undefined ? {} : { awsSigner }) }
      const isLast = round >= maxRounds
      const step = await judge({ input, revocation, isLast }, options)
      if (step.kind === 'verdict') return step.verdict
      if (isLast) throw new Error('the judge wants more than there is')
      for (const one of step.wanted.answers) {
        const isTooMuch = answers.size >= maxAnswers
        answers.set(one.key, isTooMuch ? 'unavailable' : await source.answerTo(one, options))
      }
      if (step.wanted.awsSigner !== undefined)
        awsSigner = await source.askSigner(step.wanted.awsSigner)
    }
  }
}
