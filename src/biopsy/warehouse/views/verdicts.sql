-- The verdict that holds for each dossier: of all judgements on it the one made last.
SELECT * EXCLUDE (pack) FROM judgements
QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY judged DESC, pack DESC) = 1
