"""Which variables and files hold secrets: what a flow may start from. A list of facts, not of verdicts."""

from biopsy.model.regex import regex

_NAME = regex(
    r"(?i)(?:^|_)(?:tokens?|secrets?|passw(?:or)?d|passphrase|pwd|api_?key|apikey|access_?key(?:_id)?|private_?key|"
    r"credentials?|mnemonic|seed_phrase|auth_?token|session_?token|cookie|webhook)(?:_|$)|^(?:AWS|AZURE|GOOGLE|GCP)_.*"
    r"(?:KEY|SECRET|TOKEN|CREDENTIALS)|_PAT$|^PAT$"
)
_PATH = regex(
    r"""(?ix)
    (?:^|/) (?:
      \.ssh/ (?!known_hosts|config$).* | \.ssh$ | id_(?:rsa|dsa|ecdsa|ed25519)$
    | \.aws/ .* | \.aws$ | \.azure/ .* | \.config/gcloud (?:/.*)? | \.kube/config | \.kube$ | \.oci/config
    | \.npmrc | \.pypirc | \.yarnrc\.yml | \.netrc | _netrc | \.git-credentials | \.config/git/credentials
    | \.config/gh/hosts\.yml | \.docker/config\.json | \.gnupg (?:/.*)? | \.vault-token | \.env(?:\.\w+)?
    | \.cargo/credentials(?:\.toml)? | \.gem/credentials | \.m2/settings\.xml | \.terraform\.d/.* | \.pgpass
    | \.(?:config/)?composer/auth\.json
    | \.my\.cnf | \.(?:bash|zsh|python|node_repl|mysql|psql)_history | \.password-store (?:/.*)?
    | Login\ Data.* | Cookies | Web\ Data | Local\ State | logins\.json | key[34]\.db | cookies\.sqlite
    | Local\ Extension\ Settings (?:/.*)? | .*\bleveldb\b.* | wallet\.dat | \.electrum/.* | Exodus/.*
    | \.config/solana/id\.json | \.ethereum/keystore.* | Ethereum/keystore.* | Electrum/wallets.*
    | Keychains (?:/.*)? | login\.keychain.* | Messages/chat\.db | tdata (?:/.*)? | \.claude\.json
    | \.claude/\.credentials\.json | \.codex/auth\.json | \.gemini/oauth_creds\.json
    )$
    | ^~/[^/]*\.(?:pem|ppk|kdbx|ovpn|p12|pfx|jks)$
    | ^/etc/(?:shadow|passwd)$ | ^/var/run/secrets/.* | ^/run/secrets/.* | ^/proc/[^/]+/(?:environ|mem)$
    """
)


def is_secret_name(name: str) -> bool:
    """Whether a variable of that name usually holds a secret."""
    return bool(_NAME.search(name))


def is_secret_path(path: str) -> bool:
    """Whether a file of that path usually holds a secret."""
    return len(path) < 500 and bool(_PATH.search(path.replace("\\", "/")))
