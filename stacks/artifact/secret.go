package artifact

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"defog-cdk/config"
)

// secretTimeout limits one lookup, so that a synth without a network stays fast.
const secretTimeout = 2 * time.Second

const awsCommand = "aws secretsmanager "

// secretLookup finds a credentials_secret that does not exist, with the CDK CLI's
// credentials. It reads a secret's description and never its content. Missing
// credentials, permissions or connections are not an error.
type secretLookup struct {
	account string // of the CDK CLI's credentials; "" without credentials
	off     bool   // after a lookup without a response: each later one would wait as long
}

// unusableSecret is the error for a secret that the function cannot read.
type unusableSecret struct{ problem string }

func (u *unusableSecret) Error() string { return "credentials_secret: " + u.problem }

// OnlyUnusableSecrets reports whether an error of [Prepare] has no other cause than
// secrets that do not exist or have no content.
func OnlyUnusableSecrets(err error) bool {
	problems := config.Problems(err)
	return len(problems) > 0 && !slices.ContainsFunc(problems, func(problem error) bool {
		_, secret := errors.AsType[*unusableSecret](problem)
		return !secret
	})
}

// start looks up the secret of a stage in one environment, in the background.
// primary is the first of the stage's regions. The caller must call the returned
// function, which waits for the result.
func (l *secretLookup) start(ctx context.Context, conf config.Config, environment Environment, primary string) func() error {
	if conf.CredentialsSecret == "" {
		return func() error { return nil }
	}
	result := make(chan error, 1)
	go func() { result <- l.check(ctx, conf, environment, primary) }()
	return func() error { return <-result }
}

func (l *secretLookup) check(ctx context.Context, conf config.Config, environment Environment, primary string) error {
	id, named := conf.CredentialsSecret, true
	home := environment
	if parsed, err := arn.Parse(id); err == nil {
		home, named = Environment{Account: parsed.AccountID, Region: parsed.Region}, false
	}
	if l.off || l.account == "" || home.Account != l.account || home.Region == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, secretTimeout)
	defer cancel()
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(home.Region))
	if err != nil {
		return nil // as without credentials
	}
	found, err := secretsmanager.NewFromConfig(cfg).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
	_, missing := errors.AsType[*types.ResourceNotFoundException](err)
	switch {
	case err != nil && !missing:
		l.off = statusOf(err) == 0
		return nil
	case missing && !l.owns(ctx, cfg):
		return nil
	case missing && !named:
		return &unusableSecret{fmt.Sprintf("%s does not exist; want an existing secret; to create one: %s",
			id, putCommand(conf, conf.AppName+"/"+conf.Stage, primary))}
	case missing && primary != home.Region:
		return &unusableSecret{fmt.Sprintf("%[1]s does not exist in %[2]s; want a replica there; to create it: "+
			awsCommand+"replicate-secret-to-regions --region %[3]s --secret-id %[1]s --add-replica-regions Region=%[2]s", id, home.Region, primary)}
	case missing:
		return &unusableSecret{fmt.Sprintf("%s does not exist in %s of account %s; want an existing secret; to create it: %s",
			id, home.Region, home.Account, putCommand(conf, id, home.Region))}
	case found.DeletedDate != nil:
		return &unusableSecret{fmt.Sprintf("%[1]s is scheduled for deletion; want an existing secret; to restore it: "+
			awsCommand+"restore-secret --region %[2]s --secret-id %[1]s", id, home.Region)}
	case !hasContent(found):
		return &unusableSecret{fmt.Sprintf("%s has no content; want a connection; to write it: %s", id, putCommand(conf, id, home.Region))}
	}
	return nil
}

// owns reports whether the SDK's credentials belong to the account of the CDK CLI's.
// They differ with cdk --profile, which the CLI does not pass on to the app. Then an
// existing secret could appear to be missing.
func (l *secretLookup) owns(ctx context.Context, cfg aws.Config) bool {
	identity, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	return err == nil && aws.ToString(identity.Account) == l.account
}

// hasContent reports whether a secret has a current version.
func hasContent(found *secretsmanager.DescribeSecretOutput) bool {
	for _, stages := range found.VersionIdsToStages {
		if slices.Contains(stages, "AWSCURRENT") {
			return true
		}
	}
	return false
}

// putCommand returns the command that writes a connection to the secret. Names of
// apps, stages and secrets need no quotes in a shell.
func putCommand(conf config.Config, id, region string) string {
	return fmt.Sprintf("go run ./cmd/defog secret put -c app_name=%s -c stage=%s -c credentials_secret=%s --region %s", conf.AppName, conf.Stage, id, region)
}
