package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// OperationsProps says what to watch.
type OperationsProps struct {
	Config   config.Config
	Function awslambda.IFunction
	Logs     awslogs.ILogGroup // the function's
	API      *QueryAPI
	Local    bool // see Inputs

	// Errors is the function's error alarm when something else needs one too;
	// nil has one made.
	Errors awscloudwatch.Alarm
}

// NewOperations makes what an on-call person wants: saved log queries always,
// since they cost nothing until they are run; alarms, their mail and a
// dashboard when alarm_email says who that person is. These and the metrics
// behind them cost a few dollars a month.
func NewOperations(scope constructs.Construct, id string, props OperationsProps) {
	this := constructs.NewConstruct(scope, jsii.String(id))
	if !savedQueriesGap.leftOut(this, props.Local) {
		addSavedQueries(this, props)
	}
	if !watched(props.Config) {
		return
	}
	alarms := newAlarms(this, props)
	action := awscloudwatchactions.NewSnsAction(newAlarmTopic(this, props.Config.StackName(), props.Config.AlarmEmail))
	for _, alarm := range alarms {
		alarm.AddAlarmAction(action)
		alarm.AddOkAction(action)
	}
	addDashboard(this, props, alarms)
}

// watched says whether somebody wants to hear of this stack, and so whether the
// function writes metrics, which CloudWatch charges for one by one.
func watched(conf config.Config) bool { return conf.AlarmEmail != "" }
