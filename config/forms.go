package config

import "regexp"

// form is the format of a text.
type form struct {
	description string // after "want" in an error
	pattern     *regexp.Regexp
}

// arn is the start of an ARN in any partition (aws, aws-cn, …).
const arn = `^arn:aws[a-z-]*:`

// forms are the formats that form tags name.
var forms = map[string]form{
	// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html
	"stack": {"a letter, then letters, digits and hyphens", regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)},
	"stage": {"letters, digits and hyphens", regexp.MustCompile(`^[A-Za-z0-9-]+$`)},

	// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
	"secret": {"a name of letters, digits and /_+=.@-, or arn:aws:secretsmanager:‹region›:‹account›:secret:‹name›-‹6 characters›",
		regexp.MustCompile(`^([A-Za-z0-9/_+=.@-]{1,512}|arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6})$`)},

	"sqlFunction": {"a function as schema.name, such as public.total_sales", regexp.MustCompile(`^[^\s,.;()'"]+\.[^\s,.;()'"]+$`)},

	// A comma separates them in the function's environment.
	"claim":        {"the name of a claim, without spaces, commas and quotes", regexp.MustCompile(`^[^\s,'"]{1,128}$`)},
	"databaseRole": {"a role of 1 to 63 letters, digits and _-.", regexp.MustCompile(`^[A-Za-z0-9_.-]{1,63}$`)},

	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
	"databaseUser": {"arn:aws:rds-db:‹region›:‹account›:dbuser:‹resource id: db-… or cluster-…›/‹user›",
		regexp.MustCompile(arn + `rds-db:[a-z0-9-]+:[0-9]{12}:dbuser:(db|cluster|prx)-[A-Za-z0-9]+/[A-Za-z0-9_]+$`)},

	// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
	"region": {"a region such as eu-central-1", regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)},

	"setFile": {"a path in the repository, such as evaluation/questions.json", regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)},

	"url": {"https://host or http://host, with an optional path, without a user", regexp.MustCompile(`^https?://[^\s/?#@]+(/[^\s?#@]*)?$`)},

	// API Gateway fetches the issuer's keys from this URL, so only a local one may
	// be without TLS.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
	"issuer": {"https://host, with an optional path (http:// for localhost only)",
		regexp.MustCompile(`^(https://[^\s/?#@]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?)(/[^\s?#@]*)?$`)},

	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
	"endpointOrigin": {"a scheme and host such as https://shop.auth.eu-central-1.amazoncognito.com (http:// for localhost only)",
		regexp.MustCompile(`^(https://[A-Za-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]+)?$`)},
	"origin": {"*, or a scheme and host such as https://app.example.com", regexp.MustCompile(`^(\*|https?://[^\s/?#@]+)$`)},

	// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
	"function":      {"1 to 64 letters, digits, hyphens and underscores", regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)},
	"layer":         {"arn:aws:lambda:‹region›:‹account›:layer:‹name›:‹version›", regexp.MustCompile(arn + `lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]{1,140}:[0-9]+$`)},
	"key":           {"arn:aws:kms:‹region›:‹account›:key/‹id›", regexp.MustCompile(arn + `kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`)},
	"subnet":        {"subnet-‹id›", regexp.MustCompile(`^subnet-[0-9a-z]+$`)},
	"securityGroup": {"sg-‹id›", regexp.MustCompile(`^sg-[0-9a-zA-Z]+$`)},
	"vpc":           {"vpc-‹id›", regexp.MustCompile(`^vpc-[0-9a-z]+$`)},

	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	"role":     {"arn:aws:iam::‹account›:role/‹name›", regexp.MustCompile(arn + `iam::[0-9]{12}:role/[\w+=,.@/-]+$`)},
	"roleName": {"1 to 64 letters, digits and +=,.@_-", regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)},
	"policy":   {"arn:aws:iam::‹account or aws›:policy/‹name›", regexp.MustCompile(arn + `iam::([0-9]{12}|aws):policy/[\w+=,.@/-]+$`)},

	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	"bucket": {"a bucket name: 3 to 63 lower-case letters, digits, hyphens and dots", regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)},

	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
	"apiStage": {"1 to 128 letters, digits, hyphens and underscores", regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)},
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html
	"urlPrefix": {"path segments of letters, digits and $-_.+!*'(), without a slash at either end",
		regexp.MustCompile(`^[A-Za-z0-9$_.+!*'()-]+(/[A-Za-z0-9$_.+!*'()-]+)*$`)},

	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html
	"domain":      {"a domain name such as sql.example.com", regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}$`)},
	"certificate": {"arn:aws:acm:‹region›:‹account›:certificate/‹id›", regexp.MustCompile(arn + `acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$`)},
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
	"zone": {"a hosted zone id such as Z0123456789ABCDEFGHIJ", regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)},

	// Only characters without a special meaning in S3, IAM policies and URLs.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
	"prefix": {"a key prefix such as input/: letters, digits, /, _, - and dots, without a leading slash",
		regexp.MustCompile(`^[A-Za-z0-9_.-][A-Za-z0-9_./-]{0,254}$`)},
	"hash": {"node hashes: 8 to 128 letters and digits", regexp.MustCompile(`^[0-9A-Za-z]{8,128}$`)},

	"currency": {"three capitals such as USD", regexp.MustCompile(`^[A-Z]{3}$`)},
	// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
	"budget":  {`1 to 100 characters, without : and \ and /action/`, regexp.MustCompile(`^[^:\\]{1,100}$`)},
	"account": {"an account id: 12 digits, as text", regexp.MustCompile(`^[0-9]{12}$`)},
	// https://docs.aws.amazon.com/codeconnections/latest/APIReference/API_Connection.html
	"connection": {"arn:aws:codeconnections:‹region›:‹account›:connection/‹id›", regexp.MustCompile(arn + `(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[A-Za-z0-9-]+$`)},
	"repository": {"owner/name, or the name of a CodeCommit repository", regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)},
	"branch":     {"a branch name", regexp.MustCompile(`^[A-Za-z0-9_./+=@-]{1,255}$`)},

	"email": {"an email address", regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)},
}
