// Purpose:  which files of a layer are looked into for secrets.
// Spec:     our own (docs/scanning.md, "Secrets").
// Input:    the path of an entry below the root, and its size; hostile.
// Deviates: what package managers install is passed over: it is public, and full of keys for tests and examples.
// Unknowns: a secret in a file that is passed over is not found; nothing found is not nothing there.

/** More is no configuration and no source that a person wrote. */
export const mostSecretFileBytes = 1024 * 1024

/** Of the system's packages, of packages of languages, and of what is written for tests and readers. */
const passedOver =
  /^(?:usr\/(?!local\/|src\/app)|lib(?:32|64|x32)?\/|s?bin\/|boot\/|proc\/|sys\/|dev\/|nix\/|var\/(?:lib\/(?:dpkg|apt|rpm|pacman)|cache|log)\/|etc\/(?:ca-certificates|pki|apk\/keys)\/|usr\/local\/(?:share|include|go)\/)|(?:^|\/)(?:node_modules|bower_components|site-packages|dist-packages|vendor|gems|\.cargo\/registry|pkg\/mod|\.m2\/repository|\.nuget|__pycache__|\.git\/objects|tests?|testdata|test-data|fixtures?|__tests__|specs?|examples?|docs?|man|locales?|i18n)\//

/** Pictures, archives, programs, styles: nobody keeps a credential there. */
const otherKinds =
  /\.(?:png|jpe?g|gif|ico|svg|webp|woff2?|ttf|eot|mp[34]|webm|pdf|zip|gz|tgz|bz2|xz|zst|jar|war|class|so|a|o|dll|exe|pyc|pyo|wasm|map|css|scss|mo|po|whl|deb|rpm|apk|db|sqlite|html?|md|rst|crt|cer)$/i

/** Files that are there to hold credentials: wherever they lie but in the places above. */
const credentialFile =
  /(?:^|\/)(?:\.npmrc|\.yarnrc\.yml|\.dockercfg|\.docker\/config\.json|[._]netrc|\.pypirc|\.git-credentials|\.kube\/config|kubeconfig|kubeconfig\.ya?ml|etc\/kubernetes\/[a-z-]+\.conf)$/

export function isCredentialFile(path: string): boolean {
  return credentialFile.test(path)
}

export function mayHoldSecrets(path: string, sizeBytes: number): boolean {
  return (
    sizeBytes >= 16 &&
    sizeBytes <= mostSecretFileBytes &&
    path.length <= 1024 &&
    !passedOver.test(path) &&
    !otherKinds.test(path)
  )
}

/** By its first bytes, as other tools tell it: text has no zeros. */
export function isText(head: Uint8Array): boolean {
  return !head.includes(0)
}
